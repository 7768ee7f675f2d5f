"""What stands before every page: host, origin, size, and the headers of every answer."""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airut.config.dashboard_settings import DashboardSettings
from airut.dashboard.cross_origin import allowed, crosses
from airut.dashboard.headers import ALWAYS, STRICT_TRANSPORT
from airut.dashboard.origin import caller, host_name, is_same_origin, known_hosts

BODY_MOST = 32 * 1024**2
"""Bytes of a request: files of one message are 25 MiB at most, and base64 is not used for them."""


class Guard:
    """An ASGI middleware. `settings` is asked for each request, since allowed hosts change while we run, and `origins`
    too: of the pages elsewhere that may ask our codec."""

    def __init__(
        self, app: ASGIApp, settings: Callable[[], DashboardSettings], origins: Callable[[], frozenset[str]]
    ) -> None:
        self._app = app
        self._settings = settings
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings, headers = self._settings(), Headers(scope=scope)
        found = caller(scope["client"][0] if scope.get("client") else "", headers, settings, scope["scheme"])
        scope.setdefault("state", {})["caller"] = found
        crossing = crosses(scope["path"], headers, self._origins())

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    sent[name] = value
                sent.setdefault("Cache-Control", "no-store")
                if crossing:
                    sent.update(allowed(headers["origin"]))
                if found.https:
                    sent["Strict-Transport-Security"] = STRICT_TRANSPORT
            await send(message)

        if (refusal := _refusal(scope["method"], headers, settings, found.https, crossing)) is not None:
            await refusal(scope, receive, answer)
            return
        if crossing and scope["method"] == "OPTIONS":  # the browser asks first, without its user's cookie
            await Response(status_code=204)(scope, receive, answer)
            return
        await self._app(scope, _limited(receive), answer)


def _refusal(
    method: str, headers: Headers, settings: DashboardSettings, https: bool, crossing: bool
) -> PlainTextResponse | None:
    host = host_name(headers.get("host", ""))
    if host is None or host not in known_hosts(settings):
        # The name is not repeated: it is whatever somebody else's page had a browser send.
        return PlainTextResponse(
            "This name does not lead to Airut's dashboard. An operator adds names under dashboard.allowed_hosts.\n", 400
        )
    if not crossing and not is_same_origin(method, headers, https):
        return PlainTextResponse("This request comes from another site's page, and is not carried out.\n", 403)
    if int(length if (length := headers.get("content-length", "0")).isascii() and length.isdigit() else 0) > BODY_MOST:
        return PlainTextResponse(f"At most {BODY_MOST // 1024**2} MiB at once.\n", 413)
    return None


class BodyTooLarge(Exception):
    """More came than a request may hold, whatever its length had said."""


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_MOST:
            raise BodyTooLarge
        return message

    return limited

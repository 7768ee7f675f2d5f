"""The workspace on a port: Web API, files, Socket Mode (see `sockets`), and what people do there."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from airut.adapters.slack.manifest import SCOPES
from tests.support.eventually import eventually
from tests.support.slack.call import Call, SlackError
from tests.support.slack.methods import METHODS, token_of
from tests.support.slack.sockets import RETRIES, Envelope, Sockets
from tests.support.slack.workspace import TEAM, Channel, Json, User, Workspace


@dataclass
class Fault:
    """What happens to the next call of a method instead of, or after, its effect."""

    method: str
    status: int = 200
    error: str = ""
    retry_after: int | None = None
    after_effect: bool = False
    """The method does its work, and then the connection is cut."""
    silent: float = 0.0
    """So many seconds pass before it is."""


class SlackServer:
    """`calls` are all that were made, as (method, arguments); `refused` those that broke Slack's rules."""

    def __init__(self, ack_timeout: float = 3.0, retry_delays: tuple[float, ...] = (0.1, 0.3, 0.5)) -> None:
        self.workspace = Workspace()
        self.calls: list[tuple[str, Json]] = []
        self.refused: list[str] = []
        self.faults: deque[Fault] = deque()
        self.limits: dict[str, int] = {}
        """By method, how many calls a minute are taken; no limit where there is none."""
        self._counted: dict[str, deque[float]] = {}
        self.sockets = Sockets(ack_timeout, retry_delays)
        self.base = ""
        self.socket_mode = True
        self.scopes = sorted(SCOPES)
        """Of the bot's token."""

    @classmethod
    @asynccontextmanager
    async def running(cls, ack_timeout: float = 3.0) -> AsyncIterator[Self]:
        server = cls(ack_timeout)
        app = web.Application(client_max_size=64 * 1024**2)
        app.add_routes(
            [
                web.route("*", "/api/{method}", server._api),
                web.get("/link", server.sockets.serve),
                web.post("/upload/{file}", server._upload),
                web.get("/files/{file}/{name}", server._download),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield server
        finally:
            server.sockets.stop()
            await runner.cleanup()

    # --- Web API -------------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        fault = self._fault(name) or self._over_its_limit(name)
        if fault is not None and not fault.after_effect:
            headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
            return web.json_response(
                {"ok": False, "error": fault.error or "ratelimited"}, status=fault.status, headers=headers
            )
        answer = self._answered(name, request.headers.get("Authorization", ""), await _arguments(request))
        if fault is not None:
            await asyncio.sleep(fault.silent)
            if request.transport is not None:  # else who called is gone meanwhile
                request.transport.abort()
        return web.json_response(answer, headers={"X-OAuth-Scopes": ",".join(self.scopes)})

    def _fault(self, name: str) -> Fault | None:
        found = next((fault for fault in self.faults if fault.method == name), None)
        if found is not None:
            self.faults.remove(found)
        return found

    def _over_its_limit(self, name: str) -> Fault | None:
        """Slack counts each method's calls for itself."""
        if name not in self.limits:
            return None
        now, most = time.monotonic(), self.limits[name]
        counted = self._counted.setdefault(name, deque())
        while counted and now - counted[0] > 60:
            counted.popleft()
        if len(counted) >= most:
            return Fault(name, status=429, retry_after=int(60 - (now - counted[0])) + 1)
        counted.append(now)
        return None

    def _answered(self, name: str, authorization: str, given: Json) -> Json:
        method = METHODS.get(name)
        if method is None:
            self.refused.append(f"{name}: no such method")
            return {"ok": False, "error": "unknown_method"}
        if authorization != f"Bearer {token_of(method)}":
            return {"ok": False, "error": "invalid_auth"}
        if name == "apps.connections.open" and not self.socket_mode:
            return {"ok": False, "error": "link_disabled"}
        self.calls.append((name, given))
        try:
            arguments = method.checked(given)
            return {"ok": True, **method.handler(Call(self.workspace, self.base, arguments))}
        except SlackError as error:
            code, _, detail = str(error).partition(":")
            if detail:
                self.refused.append(f"{name}: {error}")
            return {"ok": False, "error": code}

    async def _upload(self, request: web.Request) -> web.Response:
        if (fault := self._fault("upload")) is not None:
            headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
            return web.Response(status=fault.status, headers=headers)
        self.workspace.contents[request.match_info["file"]] = await request.read()
        return web.Response(text="OK")

    async def _download(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {token_of(METHODS['files.info'])}":
            return web.Response(text="<html>sign in</html>", content_type="text/html")
        return web.Response(body=self.workspace.contents[request.match_info["file"]])

    # --- Socket Mode ---------------------------------------------------------------------------------------------

    @property
    def envelopes(self) -> list[Envelope]:
        return self.sockets.envelopes

    @property
    def connections(self) -> int:
        return len(self.sockets)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        await self.sockets.disconnect(reason)

    async def cut(self) -> None:
        await self.sockets.cut()

    def send(self, kind: str, payload: Json, *, retries: int = RETRIES) -> Envelope:
        """Deliver over one of the sockets; without an acknowledgement again."""
        return self.sockets.send(self.workspace.id("envelope"), kind, payload, retries)

    # --- what people do ------------------------------------------------------------------------------------------

    def event(self, event: Json, *, retries: int = RETRIES) -> Envelope:
        body = {"type": "event_callback", "team_id": TEAM, "api_app_id": "A0AIRUT", "event": event}
        return self.send("events_api", body | {"event_id": self.workspace.id("Ev"), "event_time": 0}, retries=retries)

    def write(
        self,
        channel: Channel,
        user: User,
        text: str,
        *,
        thread: str | None = None,
        mention: bool = False,
        **more: object,
    ) -> Json:
        """A person posts; every event that Slack makes of it is sent."""
        post = self.workspace.post(channel, user, text, thread=thread, **more)
        for event in self.events(channel, post, mention=mention):
            self.event(event)
        return post

    def edit(self, channel: Channel, post: Json, text: str, **more: object) -> Json:
        """Its author changes a post; the event of it is sent."""
        before = dict(post)
        post |= {"text": text, "edited": {"user": post["user"], "ts": self.workspace.ts()}, **more}
        return self._changed(channel, "message_changed", {"message": dict(post), "previous_message": before})

    def delete(self, channel: Channel, post: Json) -> Json:
        """Its author takes a post back. Of one that began a thread a tombstone stays."""
        before = dict(post)
        if not post.get("reply_count"):
            del channel.posts[post["ts"]]
            gone = {"deleted_ts": before["ts"], "previous_message": before}
            return self._changed(channel, "message_deleted", gone)
        for name in ("files", "blocks", "client_msg_id", "team"):
            post.pop(name, None)
        post |= {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "hidden": True}
        return self._changed(channel, "message_changed", {"message": dict(post), "previous_message": before})

    def _changed(self, channel: Channel, subtype: str, more: Json) -> Json:
        ts = self.workspace.ts()
        event: Json = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id,
                       "channel_type": channel.kind, "ts": ts, "event_ts": ts, **more}  # fmt: skip
        self.event(event)
        return event

    def upload(self, name: str, content: bytes, media_type: str, **more: object) -> Json:
        """A file as it stands in a post."""
        made = self.workspace.id("F")
        self.workspace.contents[made] = content
        url = f"{self.base}/files/{made}/{name}"
        file: Json = {"id": made, "name": name, "mimetype": media_type, "size": len(content), "mode": "hosted",
                      "url_private": url, "url_private_download": url, **more}  # fmt: skip
        self.workspace.files[made] = file
        return file

    def events(self, channel: Channel, post: Json, *, mention: bool) -> list[Json]:
        """The events of one post: a mention comes twice, once for each subscription."""
        place = {"channel": channel.id, "event_ts": post["ts"]}
        found = [{**post, **place, "channel_type": channel.kind}]
        if mention and channel.kind != "im":
            found.append({**post, **place, "type": "app_mention"})
        return found

    async def until(self, holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for something that shows in the workspace."""
        await eventually(holds, seconds, every=0.01)


async def _arguments(request: web.Request) -> Json:
    if request.content_type == "application/json":
        body = await request.read()
        return dict(json.loads(body)) if body else {}
    form = await request.post()
    return {**request.query, **{name: value for name, value in form.items() if isinstance(value, str)}}

"""The stream of events, and what browsers ask instead when there are too many."""

import asyncio
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from airut.dashboard.live import Subscription, TooManyStreams, UnknownTopic
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.topics import digest
from airut.models.login import Role

POLL = 10
"""Seconds after which a browser without stream asks again."""


class EventStream(Response):
    """Ends as soon as the browser is gone, and not with the next event."""

    media_type = "text/event-stream"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._subscription = subscription

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            sending, gone = asyncio.create_task(self._send(send)), asyncio.create_task(_gone(receive))
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
            for task in (sending, gone):
                task.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)
        finally:
            self._subscription.close()

    async def _send(self, send: Send) -> None:
        async with aclosing(self._subscription.events()) as events:
            async for piece in events:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def stream(visit: Visit) -> Response:
    """`Last-Event-ID` is what a browser sends when it comes back by itself, `after` what its page was made with."""
    after = visit.request.headers.get("last-event-id") or visit.query.get("after", "")
    try:
        return EventStream(visit.live.subscribe(_topics(visit), after))
    except TooManyStreams:
        raise Problem(
            503, "There are too many streams; ask /events/state from time to time.", {"Retry-After": str(POLL)}
        ) from None
    except UnknownTopic:
        raise Problem(400, "There is no such topic.") from None


async def state(visit: Visit) -> Response:
    """An `ETag` that is another one once something has changed; nothing else."""
    try:
        looks = await visit.live.state(_topics(visit))
    except TooManyStreams:
        raise Problem(503, "Too much is looked at already.", {"Retry-After": str(POLL)}) from None
    except UnknownTopic:
        raise Problem(400, "There is no such topic.") from None
    tag = f'"{digest(looks)}"'
    same = visit.request.headers.get("if-none-match") == tag
    return Response(status_code=304 if same else 204, headers={"ETag": tag, "Cache-Control": "no-cache"})


def _topics(visit: Visit) -> list[str]:
    return [topic for topic in visit.query.get("topics", "").split(",") if topic]


PAGES = (
    Page("/events", stream, Role.VIEWER, bare=True),
    Page("/events/state", state, Role.VIEWER, bare=True),
)

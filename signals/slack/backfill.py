"""What was written while nobody listened, handed over like events (spec: slack §3).

Slack gives up on an event after a few tries. So everything since the last time is read again at the start, after each
new connection, and after anything that could not be handed over; what a thread has already, it knows.
"""

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from temporalio.service import RPCError, RPCStatusCode

from airut.errors import NoSpace
from airut.models.slack.settings import SlackChannel
from airut.ports.slack import SlackAway, SlackHistory, SlackPlace
from signals.slack.late import Threads
from signals.slack.watermarks import Watermarks

logger = logging.getLogger(__name__)

TRIES = 3
"""A post that cannot be handled so often is passed over: once may be chance, three times is the post."""
_AWAY = (SlackAway, RPCError, OSError, NoSpace)
"""Whoever has to be there is not; everything has to wait. `TimeoutError` is an `OSError`."""

SETTLED = 300.0
"""Seconds that Slack's clock and ours may be apart: what it dates older than that was there when reading began."""

LATE_MOST = 7 * 24 * 3600.0
"""Seconds beyond the time for which things are run: what came before nobody waits for any more."""

Handle = Callable[[Mapping[str, Any]], Awaitable[None]]
"""What an event goes through."""
OpenThreads = Callable[[], Awaitable[frozenset[tuple[str, str]]]]
"""Channel and first timestamp of every thread of ours that is open."""


class Late(Protocol):
    """What becomes of what is too old; `ours` are the open threads. Raises: as `Handle`"""

    async def tell(self, events: Sequence[Mapping[str, Any]], ours: Threads) -> None: ...


class SlackBackfill:
    def __init__(
        self,
        channel: SlackChannel,
        history: SlackHistory,
        open_threads: OpenThreads,
        watermarks: Watermarks,
        late: Late | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._channel = channel
        self._history = history
        self._open_threads = open_threads
        self._watermarks = watermarks
        self._late = late
        self._clock = clock
        self._failures: Counter[tuple[str, str]] = Counter()

    async def run(self, handle: Handle) -> int:
        """Hand over everything, in the order in which it was written; returns how much that was.

        Raises:
            Exception: not now. What was handed over already is known when it comes again.
        """
        begun = self._clock()
        oldest = begun - self._channel.backfill.max_age
        places = {place.id: place for place in await self._history.places() if self._reads(place)}
        marks = {id_: self._watermarks.get(id_) or oldest for id_ in places}
        ours = {thread for thread in await self._open_threads() if thread[0] in places}
        since = {id_: max(mark, oldest - LATE_MOST) for id_, mark in marks.items()}
        found, newest = await self._found(places, since, ours, oldest)
        events = [
            {**post, "type": "message", "channel": channel, "channel_type": places[channel].kind}
            for (channel, _), post in sorted(found.items(), key=lambda item: float(item[0][1]))
        ]
        taken = [event for event in events if float(event["ts"]) > oldest]
        for event in taken:
            await self._try(handle, (event["channel"], event["ts"]), event)
        if self._late is not None:
            await self._late.tell(events[: len(events) - len(taken)], ours)
        read = {id_: max(newest.get(id_, 0.0), begun - SETTLED) for id_ in places}
        self._watermarks.set(self._read(places, (key for key in found if float(key[1]) <= read[key[0]]), begun))
        return len(taken)

    async def _found(
        self, places: dict[str, SlackPlace], since: dict[str, float], ours: set[tuple[str, str]], oldest: float
    ) -> tuple[dict[tuple[str, str], dict[str, Any]], dict[str, float]]:
        """All posts since then by channel and timestamp, and the newest one of each channel that stands in no thread.
        Threads that began before are known by their parents, as far as these were written within the time that is read
        at all."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        newest: dict[str, float] = {}
        threads = set(ours)
        for id_, place in places.items():
            if self._channel.history_tier == "restricted" and place.kind != "im":
                continue
            async for post in self._history.posts(id_, min(since[id_], oldest)):
                newest[id_] = max(newest.get(id_, 0.0), float(post["ts"]))
                if float(post["ts"]) > since[id_]:
                    found[id_, post["ts"]] = post
                if float(post.get("latest_reply") or 0) > since[id_]:
                    threads.add((id_, post["ts"]))
        for id_, thread_ts in threads:
            async for post in self._history.replies(id_, thread_ts, since[id_]):
                found[id_, post["ts"]] = post
        return found, newest

    async def _try(self, handle: Handle, key: tuple[str, str], event: dict[str, Any]) -> None:
        try:
            await handle(event)
        except Exception as error:  # its own failure: what comes after it must not wait for ever
            if isinstance(error, _AWAY) and not _is_refused(error):
                raise
            self._failures[key] += 1
            if self._failures[key] < TRIES:
                raise
            logger.exception("post %s in %s is passed over after %d tries", key[1], key[0], TRIES)
        self._failures.pop(key, None)

    def _reads(self, place: SlackPlace) -> bool:
        return place.kind == "im" or self._channel.backfill.channels

    def _read(self, places: dict[str, SlackPlace], found: Iterable[tuple[str, str]], begun: float) -> dict[str, float]:
        """The new watermarks: what is written from now on is read the next time, by Slack's clock and not by ours.

        `found` leaves out what came while this was read. A thread is read after its channel: an answer in it may be
        newer than a post that the channel did not have yet, and that must not count as read.
        """
        read = {id_: self._watermarks.get(id_) or begun - self._channel.backfill.max_age for id_ in places}
        for id_, ts in found:
            read[id_] = max(read[id_], float(ts))
        return read


def _is_refused(error: Exception) -> bool:
    """Temporal is there, and will never take this."""
    return isinstance(error, RPCError) and error.status is RPCStatusCode.INVALID_ARGUMENT

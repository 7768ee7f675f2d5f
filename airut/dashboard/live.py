"""What changes while somebody looks: a stream of events that says which topics look different now.

A topic is `name` or `name:argument`. Its source tells what it looks like; only that it differs is told, and the page
fetches what it shows. A topic is looked at while somebody watches it, and for a while after.
"""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Final

from airut.ports.thread_directory import DirectoryUnavailable

Source = Callable[[str], Awaitable[str]]
"""What a topic of this argument looks like now, in any words; equal ones are no change."""

EVERY = 1.0
"""Seconds between two looks at a topic: sooner than a person notices, and one small query to Temporal."""

REST = 4.0
"""A look that takes long, such as at a hundred open tasks, is not begun again before so many times as long: it has a
fifth of a server's attention at most, and not all of it."""

HEARTBEAT = 15.0
"""Seconds of silence after which something is sent all the same: proxies end streams after 30 or 60."""

LINGER = 60.0
"""Seconds for which a topic is looked at after its last watcher has left: longer than a browser takes to come back."""

STREAMS_MOST = 200
"""Streams at once. Each is an open connection, and a browser that gets none asks every ten seconds instead."""

STREAM_LIFE = 3600.0
"""Seconds of one stream: the next one asks again who it is, so that a revoked session ends."""

WATCHES_MOST = 2000
"""Topics that are looked at: ten of each stream. Each costs a small query a second, whoever asks for it."""

TOPICS_MOST = 10
KEPT = 10_000
"""Changes that a browser that comes back can be told of: an hour of three changes a second."""

COMING_BACK = b"retry: 2000\n\n"
"""Milliseconds after which a browser connects again."""

log = logging.getLogger("airut.dashboard")


class TooManyStreams(Exception):
    """The browser should ask from time to time instead."""


class UnknownTopic(Exception):
    """There is no source of this name."""


class _Watch:
    """One topic that is looked at. Its first look counts as a change: whatever was shown before may be older."""

    def __init__(self) -> None:
        self.watchers = 0
        self.left = time.monotonic()
        self.looks: str | None = None
        self.task: asyncio.Task[None] | None = None


class Hub:
    def __init__(self, sources: Mapping[str, Source], every: float = EVERY, heartbeat: float = HEARTBEAT) -> None:
        self._sources = sources
        self._every = every
        self._heartbeat = heartbeat
        self._epoch: Final = secrets.token_hex(4)
        self._number = 0
        self._changes: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self._watches: dict[str, _Watch] = {}
        self._moved = asyncio.Event()
        self._closed = False
        self._streams = 0

    @property
    def now(self) -> str:
        """What a page has seen that begins to be made now; a stream that begins after it misses nothing."""
        return f"{self._epoch}-{self._number}"

    def close(self) -> None:
        """End every stream; their browsers come back to the next process."""
        self._closed = True
        self._tell()

    def subscribe(self, topics: Sequence[str], after: str) -> "Subscription":
        """`after` is the last event that the browser has seen, or `now` when its page was made.

        Raises:
            TooManyStreams: there are as many as there may be.
            UnknownTopic: one of the topics is none.
        """
        self._check(topics)
        if self._streams >= STREAMS_MOST or not self._has_room(topics):
            raise TooManyStreams
        self._streams += 1
        for topic in topics:
            self._watched(topic).watchers += 1
        return Subscription(self, topics, after)

    def leave(self, topics: Sequence[str]) -> None:
        """For subscriptions."""
        self._streams -= 1
        for topic in topics:
            watch = self._watches[topic]
            watch.watchers -= 1
            watch.left = time.monotonic()

    async def events(self, topics: Sequence[str], after: str) -> AsyncGenerator[bytes]:
        """For subscriptions: pieces of `text/event-stream`."""
        ends = time.monotonic() + STREAM_LIFE
        seen = self._seen(after)
        yield COMING_BACK
        if seen is None:
            seen = self._number
            yield b"".join(self._event(seen, topic) for topic in topics)
        while not self._closed and time.monotonic() < ends:
            moved = self._moved
            changed = {topic for number, topic in self._changes if number > seen and topic in topics}
            seen = self._number
            if changed:
                yield b"".join(self._event(seen, topic) for topic in topics if topic in changed)
                continue
            try:
                async with asyncio.timeout(self._heartbeat):
                    await moved.wait()
            except TimeoutError:
                yield b": still here\n\n"

    async def state(self, topics: Sequence[str]) -> str:
        """What all of these topics look like now, in any words: for browsers that ask from time to time.

        Raises:
            UnknownTopic: one of them is none.
            TooManyStreams: nothing more can be looked at.
        """
        self._check(topics)
        if not self._has_room(topics):
            raise TooManyStreams
        looks = []
        for topic in topics:
            watch = self._watched(topic)
            watch.left = time.monotonic()
            looks.append(await self._look(topic) if watch.looks is None else watch.looks)
        return "\n".join(looks)

    def _seen(self, after: str) -> int | None:
        """The number of the last change that is known there; None where changes may be missing that nobody has kept."""
        epoch, _, number = after.rpartition("-")
        if epoch != self._epoch or not (number.isascii() and number.isdigit()) or int(number) > self._number:
            return None
        forgotten = len(self._changes) == KEPT and int(number) < self._changes[0][0] - 1
        return None if forgotten else int(number)

    def _event(self, number: int, topic: str) -> bytes:
        return f"id: {self._epoch}-{number}\nevent: change\ndata: {topic}\n\n".encode()

    def _check(self, topics: Sequence[str]) -> None:
        known = all(topic.partition(":")[0] in self._sources and topic.isprintable() for topic in topics)
        if not topics or len(topics) > TOPICS_MOST or not known:
            raise UnknownTopic

    def _has_room(self, topics: Sequence[str]) -> bool:
        return len({*self._watches, *topics}) <= WATCHES_MOST

    def _watched(self, topic: str) -> _Watch:
        watch = self._watches.get(topic)
        if watch is None:
            watch = self._watches[topic] = _Watch()
            watch.task = asyncio.create_task(self._follow(topic, watch))
        return watch

    async def _follow(self, topic: str, watch: _Watch) -> None:
        while not self._closed and (watch.watchers or time.monotonic() - watch.left < LINGER):
            began = time.monotonic()
            looks = await self._look(topic)
            took = time.monotonic() - began
            if looks != watch.looks:
                watch.looks = looks
                self._number += 1
                self._changes.append((self._number, topic))
                self._tell()
            await asyncio.sleep(max(self._every, REST * took))
        del self._watches[topic]

    async def _look(self, topic: str) -> str:
        name, _, argument = topic.partition(":")
        try:
            return await self._sources[name](argument)
        except DirectoryUnavailable:
            return "away"  # which is a change as well: the page says so
        except Exception:  # a boundary: one topic's fault must not end the others', or this one for good
            log.exception("the topic %s cannot be looked at", name)
            return "unknown"

    def _tell(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


class Subscription:
    """One browser's stream; to be closed whether it was read or not."""

    def __init__(self, hub: Hub, topics: Sequence[str], after: str) -> None:
        self._hub = hub
        self._topics = tuple(topics)
        self._after = after
        self._open = True

    def events(self) -> AsyncGenerator[bytes]:
        return self._hub.events(self._topics, self._after)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._hub.leave(self._topics)

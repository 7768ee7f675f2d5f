"""The listeners of an intake, each in a task of its own: replaced where what they are made by has changed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from signals.status import ListenerState, ListenerStatus

GRACE = 5.0
"""Seconds for the mail in hand: a hand-over takes some ten milliseconds, and what is cut off is read again."""

PROVEN = 20.0
"""Seconds that a listener in another's place has to connect. A server's own limits for a log-in are shorter."""

LOOK = 0.05
"""Seconds between two looks at whether it has: it is said by a value, and this is for moments after a change only."""

log = logging.getLogger("airut.intake")


class Listener(Protocol):
    @property
    def status(self) -> ListenerStatus: ...

    async def run(self) -> None: ...

    async def drain(self) -> None: ...


class Made(Protocol):
    """What a listener is made by. Equal ones are the same listener."""

    @property
    def name(self) -> str: ...


class _Running[M: Made]:
    def __init__(self, made: M, listener: Listener) -> None:
        self.made = made
        self.listener = listener
        self.task = asyncio.create_task(listener.run(), name=made.name)

    async def proven(self) -> str:
        """Empty where it has connected; else why not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PROVEN):
                while self.listener.status.state is ListenerState.CONNECTING and not self.task.done():  # noqa: ASYNC110
                    await asyncio.sleep(LOOK)
        if self.task.done():
            return repr(self.task.exception()) if not self.task.cancelled() else "it was ended"
        status = self.listener.status
        if status.state is ListenerState.CONNECTED:
            return ""
        return status.reason or f"it does not connect within {PROVEN:.0f} s"

    async def ended(self) -> None:
        """After what it has in hand."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self.listener.drain()
        self.task.cancel()
        await asyncio.wait((self.task,))


class Listeners[M: Made]:
    """Of one process."""

    def __init__(self) -> None:
        self._running: dict[str, _Running[M]] = {}

    async def listen(self, wanted: Sequence[M], make: Callable[[M], Listener]) -> tuple[str, ...]:
        """Have these listeners, and no other. One that is in another's place and cannot connect makes way for the other
        again, which a line in the answer says; one that is new goes on trying."""
        names = {each.name for each in wanted}
        gone = [self._running.pop(name) for name in [*self._running] if name not in names]
        await asyncio.gather(*(each.ended() for each in gone))
        for each in gone:
            log.info("%s: not listened to any more", each.made.name)
        lines = await asyncio.gather(*(self._one(each, make) for each in wanted))
        return tuple(line for line in lines if line)

    def statuses(self) -> tuple[tuple[M, ListenerStatus], ...]:
        """How each of them fares now."""
        return tuple((each.made, each.listener.status) for each in self._running.values())

    async def end(self) -> None:
        await asyncio.gather(*(each.ended() for each in self._running.values()))
        self._running.clear()

    async def fallen(self) -> None:
        """Return when a listener has ended by itself; raises what ended it."""
        while True:
            for each in self._running.values():
                if each.task.done():
                    each.task.result()
                    return
            await asyncio.sleep(1.0)

    async def _one(self, wanted: M, make: Callable[[M], Listener]) -> str:
        before = self._running.get(wanted.name)
        if before is None:
            self._running[wanted.name] = _Running(wanted, make(wanted))
            return ""
        if before.made == wanted:
            return ""
        worked = before.listener.status.state is ListenerState.CONNECTED
        await before.ended()
        after = self._running[wanted.name] = _Running(wanted, make(wanted))
        # In place of one that did not work either, the new one may as well go on trying.
        if not worked or not (fault := await after.proven()):
            log.info("%s: listened to as it is configured now", wanted.name)
            return ""
        await after.ended()
        self._running[wanted.name] = _Running(before.made, make(before.made))
        return f"{wanted.name}: listened to as before the change, since the new listener fails: {fault}"

"""What whole pages show of long lists: asked for when it is a second old, and shown meanwhile for as long as it is new.

A page is there at once however many threads there are. Who watches it is told of what is new by its first event; a part
that is asked for alone is always what there is now.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

NEW = 1.0
"""Seconds for which nobody asks again on behalf of a whole page."""

OLD = 5.0
"""Seconds after which it is not shown any more: then a page waits for what there is now."""


class Kept[T]:
    def __init__(
        self, look: Callable[[], Awaitable[T]], old: float = OLD, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._old = old
        self._clock = clock
        self._found: tuple[float, T] | None = None
        self._looking: asyncio.Task[T] | None = None

    async def get(self, *, fresh: bool = False) -> T:
        """With `fresh` what there is now. Raises: whatever `look` does."""
        if fresh:
            return await self._see()
        found = self._found
        if found is None or (age := self._clock() - found[0]) >= self._old:
            return await asyncio.shield(self._begun())
        if age >= NEW:
            self._begun()
        return found[1]

    def _begun(self) -> "asyncio.Task[T]":
        """A look that everybody waits for who asks while it takes."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._see())
            self._looking.add_done_callback(self._ended)
        return self._looking

    def _ended(self, looking: "asyncio.Task[T]") -> None:
        self._looking = None
        if looking.cancelled() or looking.exception() is not None:
            self._found = None  # whoever asks next is told why

    async def _see(self) -> T:
        begun = self._clock()
        seen = await self._look()
        if self._found is None or self._found[0] <= begun:
            self._found = (begun, seen)
        return seen

"""Whether this sandbox host takes new threads."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from temporalio import activity

from airut.models.hosts.host import PlacementOrder


class Placement:
    """Closed until it is told to open. `run` holds `taking()` entered for as long as it is open."""

    def __init__(self) -> None:
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()
        self._unwanted.set()
        self._changed = asyncio.Condition()
        self.open = False

    @activity.defn
    async def set_placement(self, order: PlacementOrder) -> None:
        """Returns when it is so: from then on no thread is taken, or any is."""
        (self._wanted.set if order.open else self._wanted.clear)()
        (self._unwanted.clear if order.open else self._unwanted.set)()
        async with self._changed:
            await self._changed.wait_for(lambda: self.open is self._wanted.is_set())

    async def run(self, taking: Callable[[], AbstractAsyncContextManager[object]]) -> None:
        """Open and close as told. Cancel it to stop."""
        while True:
            await self._wanted.wait()
            async with taking():
                await self._now(open_=True)
                await self._unwanted.wait()
            await self._now(open_=False)

    async def _now(self, *, open_: bool) -> None:
        async with self._changed:
            self.open = open_
            self._changed.notify_all()

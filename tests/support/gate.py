"""A place in a fake where a test may hold whoever comes by."""

import asyncio


class Gate:
    """Closed at first."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._reached = asyncio.Event()
        self.left = False
        """Somebody who waited was cancelled."""

    def open(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._open.clear()
        self._reached.clear()

    async def passed(self) -> None:
        self._reached.set()
        try:
            await self._open.wait()
        except asyncio.CancelledError:
            self.left = True
            raise

    async def reached(self) -> None:
        """Somebody waits, or has passed. A minute is far more than a test takes to get there, on a busy machine too."""
        async with asyncio.timeout(60):
            await self._reached.wait()

"""How tests wait for what comes by itself."""

import asyncio
from collections.abc import Callable


async def eventually(holds: Callable[[], object], limit: float = 60.0, every: float = 0.02) -> None:
    """Look again and again until it holds; seconds, both.

    Raises:
        TimeoutError
    """
    async with asyncio.timeout(limit):
        while not holds():
            await asyncio.sleep(every)

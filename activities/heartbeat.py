"""Heartbeats for activities that wait on something silent: a big clone, an image build."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

EVERY = 5.0
"""Seconds; far below the 60 s time-out, and the SDK folds what comes too fast."""


@asynccontextmanager
async def beating(*details: object) -> AsyncIterator[None]:
    """Heartbeat in the background while the block runs, so that a dead worker is noticed and a cancel arrives. The
    next attempt finds `details`: each heartbeat replaces those before."""

    async def beat() -> None:
        while True:
            activity.heartbeat(*details)
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()

"""Secrets that this process holds, kept as fresh as their sources say."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from airut.config.secret_sources import SecretSources

EVERY = 5.0
"""Seconds between two looks at which command's time has come. One that is not looked for in time is run when its value
is needed, and whoever needs it waits."""

log = logging.getLogger("airut")


@asynccontextmanager
async def fresh(sources: SecretSources, every: float = EVERY) -> AsyncIterator[None]:
    """Meanwhile commands are run again when their `ttl` has ended, and on SIGHUP every source is read again."""
    await asyncio.to_thread(sources.run_commands)  # what fails is named now, and not by the first task
    on_hangup(lambda: asyncio.to_thread(_renew, sources))
    keeping = asyncio.create_task(_keep(sources, every))
    try:
        yield
    finally:
        keeping.cancel()


def on_hangup(told: Callable[[], Awaitable[None]]) -> None:
    """Call this for each SIGHUP from now on. At a terminal it means that the terminal is gone, and ends the process."""
    if os.isatty(0):
        return
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Future[None]] = set()

    def start() -> None:
        task = asyncio.ensure_future(told())
        tasks.add(task)  # the loop itself holds on to no task
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGHUP, start)


def _renew(sources: SecretSources) -> None:
    sources.renew()
    log.info("secrets were read again")


async def _keep(sources: SecretSources, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        if sources.due_in() == 0.0:
            await asyncio.to_thread(sources.renew_due)

"""SIGHUP: read everything again."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable


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

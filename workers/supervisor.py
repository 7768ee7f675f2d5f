"""`airut up`: every part in a process of its own, started in order, restarted when it dies, stopped in reverse."""

import asyncio
import ctypes
import logging
import signal
import sys
import time

from airut.config.schema import Config
from airut.models.base import Model
from airut.temporal.embedded import server_command
from workers.processes import run

log = logging.getLogger("airut.up")

STOP_LIMIT = 10.0
"""Seconds a part has to end by itself; agents are not waited for, they run on in their containers."""

STEADY = 30.0
"""A part that ran this long starts its back-off anew when it dies."""

SLOWEST = 30.0


class Part(Model):
    """A process to keep running."""

    name: str
    command: tuple[str, ...]


def parts(config: Config) -> tuple[Part, ...]:
    """What runs, in the order of starting."""

    def ours(name: str) -> Part:
        return Part(name=name, command=(sys.executable, "-m", f"workers.{name}"))

    found = [ours("control"), ours("sandbox_host"), ours("intake")]
    if config.temporal.mode == "embedded":
        database = config.temporal.database or config.state / "temporal.db"
        found.insert(0, Part(name="temporal", command=tuple(server_command(config.temporal, database))))
    return tuple(found)


async def keep_running(part: Part, stop: asyncio.Event) -> None:
    """Run the part until `stop` is set; one that dies is started again, after 0.5 s doubling to 30 s."""
    delay = 0.5
    while not stop.is_set():
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *part.command,
            start_new_session=True,  # ctrl-C is for us to pass on, in order
            preexec_fn=_die_with_parent,
        )
        log.info("%s: started, pid %d", part.name, process.pid)
        ended, stopped = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            stopped.cancel()
            await _end(part, process)
            return
        stopped.cancel()
        delay = 0.5 if time.monotonic() - started > STEADY else min(delay * 2, SLOWEST)
        log.warning("%s: ended with %s; starting it again in %.1f s", part.name, process.returncode, delay)
        try:
            await asyncio.wait_for(stop.wait(), delay)
        except TimeoutError:
            continue


async def _end(part: Part, process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT)
        except TimeoutError:
            process.kill()
            await process.wait()
    log.info("%s: stopped", part.name)


def _die_with_parent() -> None:
    """A supervisor that is killed leaves no part behind that would hold ports and databases (prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


async def serve(config: Config, stop: asyncio.Event) -> None:
    """Start all parts; on `stop`, end them in reverse order: no intake without workers, no workers without server."""
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    running: list[tuple[asyncio.Event, asyncio.Task[None]]] = []
    for part in parts(config):
        ending = asyncio.Event()
        running.append((ending, asyncio.create_task(keep_running(part, ending), name=part.name)))
    await stop.wait()
    for ending, task in reversed(running):
        ending.set()
        await task


if __name__ == "__main__":
    run("up", serve)

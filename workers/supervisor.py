"""`airut up`: every part in a process of its own, started in order, restarted when it dies, stopped in reverse."""

import asyncio
import ctypes
import logging
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from airut.config.running import take
from airut.config.schema import Config
from airut.models.base import Model
from airut.temporal.embedded import server_command
from workers.hangup import on_hangup
from workers.processes import SUPERVISED, on_stop_signals, run
from workers.serving import REPORTING
from workers.watched import HUNG, Heard, environment, hearing, tell_stopping

log = logging.getLogger("airut.up")

STOP_LIMIT = 10.0
"""Seconds any other part has: the intake hands over for five, a server closes its database in one."""

HURRY_LIMIT = 2.0
"""Seconds for ending at once, before the kernel does it."""

WAITING = 5.0
"""Seconds after which somebody who pressed ctrl-C wants to know what is being waited for."""

STEADY = 30.0
"""A part that ran this long starts its back-off anew when it dies."""

SLOWEST = 30.0


class Part(Model):
    """A process to keep running."""

    name: str
    command: tuple[str, ...]
    stop_limit: float = STOP_LIMIT
    rereads: bool = False
    """Whether SIGHUP has it read its secrets again, and does not end it."""
    waits_for: str = "what it has in hand"


def parts(config: Config) -> tuple[Part, ...]:
    """What runs, in the order of starting."""

    def ours(name: str, **more: Any) -> Part:
        return Part(name=name, command=(sys.executable, "-m", f"workers.{name}"), rereads=True, **more)

    # What a worker gives short activities, and a little. Agents are not waited for, they run on in their containers.
    limit = config.execution.shutdown_grace + REPORTING + 5
    found = [
        ours("control", stop_limit=limit, waits_for="a reply that is being sent"),
        ours("sandbox_host", stop_limit=limit, waits_for="a fetch, a build or a push; agents run on"),
        ours("intake", waits_for="a mail that is being handed over"),
    ]
    if config.dashboard.enabled:
        found.append(ours("dashboard", waits_for="a page that is being sent"))
    if config.temporal.mode == "embedded":
        database = config.temporal.database or config.state / "temporal.db"
        # Its UI cannot be told to send a cookie along, so this is for a dashboard that wants none.
        open_to_it = config.dashboard.enabled and not config.dashboard.wants_login
        codec = f"{config.dashboard.address}/codec" if open_to_it else None
        found.insert(0, Part(name="temporal", command=tuple(server_command(config.temporal, database, codec))))
    return tuple(found)


async def keep_running(
    part: Part,
    stop: asyncio.Event,
    hurry: asyncio.Event,
    processes: dict[str, asyncio.subprocess.Process],
    heard: Heard | None = None,
) -> None:
    """Run the part until `stop` is set, and end it without patience once `hurry` is; one that dies is started again,
    after 0.5 s doubling to 30 s, and so is one that is not heard any more. `processes` has it under its name."""
    delay = 0.5
    while not stop.is_set():
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *part.command,
            env={**environment(heard), SUPERVISED: "1"},
            start_new_session=True,  # ctrl-C is for us to pass on, in order
            preexec_fn=_die_with_parent,
        )
        processes[part.name] = process
        log.info("%s: started, pid %d", part.name, process.pid)
        await _ended_or_stopped(part, process, stop, heard)
        if stop.is_set():
            await _end(part, process, hurry)
            return
        delay = 0.5 if time.monotonic() - started > STEADY else min(delay * 2, SLOWEST)
        log.warning("%s: ended with %s; starting it again in %.1f s", part.name, process.returncode, delay)
        try:
            await asyncio.wait_for(stop.wait(), delay)
        except TimeoutError:
            continue


async def _ended_or_stopped(
    part: Part, process: asyncio.subprocess.Process, stop: asyncio.Event, heard: Heard | None
) -> None:
    """Return when it has ended, by itself or since it hung, or when it is to stop."""
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())]
    if heard is not None:
        heard.forget()
        waits.append(asyncio.create_task(heard.hung()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    if process.returncode is None and not stop.is_set():
        log.error("%s: has not moved for %.0f s, and is killed; agents run on", part.name, HUNG)
        process.kill()
        await process.wait()
    for task in waits:
        task.cancel()


async def _end(part: Part, process: asyncio.subprocess.Process, hurry: asyncio.Event) -> None:
    """Ask it to end, then to end at once: when somebody is in a hurry, or its time is over."""
    if process.returncode is None:
        process.terminate()
        await _ended(process, WAITING, hurry)
        if process.returncode is None and not hurry.is_set():
            limit = part.stop_limit - WAITING
            log.info("%s: waiting for %s, at most %.0f s; ctrl-C again ends it now", part.name, part.waits_for, limit)
            await _ended(process, limit, hurry)
        if process.returncode is None:
            process.terminate()  # a second time: a process of ours ends at once, with a true exit code
            await _ended(process, HURRY_LIMIT, None)
        if process.returncode is None:
            process.kill()
            await process.wait()
    log.info("%s: stopped", part.name)


async def _ended(process: asyncio.subprocess.Process, limit: float, hurry: asyncio.Event | None) -> None:
    """Return when it has ended, after so many seconds, or when somebody is in a hurry."""
    waits = [asyncio.create_task(process.wait())]
    if hurry is not None:
        waits.append(asyncio.create_task(hurry.wait()))
    await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    for task in waits:
        task.cancel()


def _die_with_parent() -> None:
    """A supervisor that is killed leaves no part behind that would hold ports and databases (prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


async def serve(config: Config, stop: asyncio.Event) -> None:
    """
    Raises:
        AlreadyRunning: another `airut up` has this state folder.
    """
    take(config.state)
    await supervise(parts(config), stop)


async def supervise(chosen: Sequence[Part], stop: asyncio.Event) -> None:
    """Start all parts; on `stop`, end them in reverse order: no intake without workers, no workers without server."""
    hurry = asyncio.Event()

    def told(_: signal.Signals) -> None:
        if stop.is_set():
            log.warning("told to stop a second time: all parts end at once; agents run on")
            hurry.set()
        tell_stopping()
        stop.set()

    on_stop_signals(told)
    processes: dict[str, asyncio.subprocess.Process] = {}
    on_hangup(lambda: _reread([processes[part.name] for part in chosen if part.rereads and part.name in processes]))
    running: list[tuple[asyncio.Event, asyncio.Task[None]]] = []
    async with hearing([part.name for part in chosen if part.rereads]) as heard:
        for part in chosen:
            ending = asyncio.Event()
            keeping = keep_running(part, ending, hurry, processes, heard.get(part.name))
            running.append((ending, asyncio.create_task(keeping, name=part.name)))
        await stop.wait()
        for ending, task in reversed(running):
            ending.set()
            await task


async def _reread(processes: Sequence[asyncio.subprocess.Process]) -> None:
    for process in processes:
        if process.returncode is None:
            process.send_signal(signal.SIGHUP)


if __name__ == "__main__":
    run("up", serve)

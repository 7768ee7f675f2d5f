"""What is under way, and what waits and why: the open threads that are not idle, in their own words."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from airut.dashboard.ports import Ports
from airut.errors import CensusUnavailable
from airut.models.base import Model
from airut.models.tasks.progress import RunProgress
from airut.models.tasks.task import TaskStep
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.ports.thread_control import ThreadAway, ThreadGone
from airut.ports.thread_directory import ThreadFilter, ThreadRow

MOST = 200
"""Threads that are asked; a host runs some tens at once. Beyond it the page says that there are more."""

AT_ONCE = 20
PATIENCE = 3.0
"""Seconds for all answers together. Without a control worker none comes, and the list is shown without their words."""


class Waiting(Model):
    row: ThreadRow
    step: str = ""
    """Where its task is; empty where it has none, or does not answer."""
    why: str = ""
    """What it waits for, in words."""
    until: datetime | None = None
    since: datetime | None = None
    queued: int = 0
    """Messages that wait for the next task."""
    next_command: str = ""
    waits: bool = False
    """Whether it stands still until something comes: money, an answer, a person, a place on a host."""


class Queue(Model):
    entries: tuple[Waiting, ...]
    more: bool = False
    silent: int = 0
    """Threads that did not answer in time."""


async def queue(ports: Ports, repo: str = "") -> Queue:
    """Those that wait first, each group with the longest wait first.

    Raises:
        DirectoryUnavailable: Temporal is away.
    """
    running, paused = await asyncio.gather(
        ports.threads.threads(ThreadFilter(repo=repo, state="running"), limit=MOST),
        ports.threads.threads(ThreadFilter(repo=repo, state="paused"), limit=MOST),
    )
    rows = [*running.rows, *paused.rows][:MOST]
    found = await _asked(ports, [row.thread for row in rows])
    entries = [described(row, *found.get(row.thread, (None, None))) for row in rows]
    entries.sort(key=lambda entry: (not entry.waits, entry.since or entry.row.started_at))
    return Queue(
        entries=tuple(entries),
        more=bool(running.next_cursor or paused.next_cursor) or len(running.rows) + len(paused.rows) > MOST,
        silent=len(rows) - len(found),
    )


def described(row: ThreadRow, status: ThreadStatus | None, run: RunProgress | None = None) -> Waiting:
    """Pure. `status` is None for a thread that does not answer, `run` is what its agent tells."""
    if status is None:
        return Waiting(row=row, waits=row.state == ThreadPhase.PAUSED)
    task = status.open_task
    queued_up = run is not None and not run.begun
    # A task that has not begun and says until when waits for money that others hold.
    held = task is not None and (task.step.waits or (task.until is not None and task.step is not TaskStep.AGENT))
    waits = status.phase is ThreadPhase.PAUSED or held or queued_up
    return Waiting(
        row=row,
        step=str(task.step) if task else "",
        why=_why(status, queued_up) if waits else "",
        until=task.until if task and held else None,
        since=task.since if task else status.since,
        queued=len(status.queue),
        next_command=status.next_command,
        waits=waits,
    )


def _why(status: ThreadStatus, queued_up: bool) -> str:
    if queued_up:
        return f"a free place on {status.host or 'its host'}: as many agents as may run there at once do"
    if status.open_task and status.open_task.detail:
        return status.open_task.detail
    return " ".join(line.removeprefix("- ") for line in status.waiting.splitlines())


async def _asked(ports: Ports, threads: Sequence[str]) -> dict[str, tuple[ThreadStatus, RunProgress | None]]:
    """What threads, and their agents, tell of themselves; those that answer in time."""
    found: dict[str, tuple[ThreadStatus, RunProgress | None]] = {}
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(thread: str) -> None:
        async with places:
            try:
                status = await ports.control.status(thread)
                found[thread] = status, None
                if status.task and status.open_task and status.open_task.step is TaskStep.AGENT:
                    found[thread] = status, await ports.progress.of(status.task)
            except (ThreadAway, ThreadGone, CensusUnavailable):
                return

    asking = [asyncio.create_task(ask(thread)) for thread in threads]
    if asking:
        _, late = await asyncio.wait(asking, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    return found

"""What is under way, and what waits and why: the open threads that are not idle, in their own words."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from airut.dashboard.ports import Ports
from airut.models.base import Model
from airut.models.thread import ThreadStatus
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
    found = await _statuses(ports, [row.thread for row in rows])
    entries = [described(row, found.get(row.thread)) for row in rows]
    entries.sort(key=lambda entry: (not entry.waits, entry.since or entry.row.started_at))
    return Queue(
        entries=tuple(entries),
        more=bool(running.next_cursor or paused.next_cursor) or len(running.rows) + len(paused.rows) > MOST,
        silent=len(rows) - len(found),
    )


def described(row: ThreadRow, status: ThreadStatus | None) -> Waiting:
    """Pure. `status` is None for a thread that does not answer."""
    if status is None:
        return Waiting(row=row, waits=row.state == "paused")
    task = status.open_task
    return Waiting(
        row=row,
        step=str(task.step) if task else "",
        why=status.waiting or (task.detail if task else ""),
        until=task.until if task else None,
        since=task.since if task else status.since,
        queued=len(status.queue),
        next_command=status.next_command,
        waits=bool(status.waiting) or row.state == "paused" or (task is not None and task.step.waits),
    )


async def _statuses(ports: Ports, threads: Sequence[str]) -> dict[str, ThreadStatus]:
    found: dict[str, ThreadStatus] = {}
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(thread: str) -> None:
        async with places:
            try:
                found[thread] = await ports.control.status(thread)
            except (ThreadAway, ThreadGone):
                return

    asking = [asyncio.create_task(ask(thread)) for thread in threads]
    if asking:
        _, late = await asyncio.wait(asking, timeout=PATIENCE)
        for task in late:
            task.cancel()
    return found

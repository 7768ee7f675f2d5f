"""What is under way, and what waits and why: the open threads that are not idle, in their own words."""

import asyncio
from datetime import datetime

from airut.dashboard.answers import Answers, Told
from airut.models.base import Model
from airut.models.tasks.task import TaskStep
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.ports.thread_directory import ThreadDirectory, ThreadFilter, ThreadRow

MOST = 200
"""Threads that are asked; a host runs some tens at once. Beyond it the page says that there are more."""

PATIENCE = 3.0
"""Seconds for all answers together, for programs and for what watches on behalf of pages. Without a control worker none
comes, and the list is shown without their words."""

FOR_A_PAGE = 0.2
"""Seconds for a page, which is told of what comes later: it is to be there within 0.3."""


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


class UnderWay(Model):
    rows: tuple[ThreadRow, ...]
    more: bool = False


async def under_way(threads: ThreadDirectory, repo: str = "") -> UnderWay:
    """Raises: DirectoryUnavailable: Temporal is away."""
    running, paused = await asyncio.gather(
        threads.threads(ThreadFilter(repo=repo, state="running"), limit=MOST),
        threads.threads(ThreadFilter(repo=repo, state="paused"), limit=MOST),
    )
    rows = (*running.rows, *paused.rows)
    return UnderWay(rows=rows[:MOST], more=bool(running.next_cursor or paused.next_cursor) or len(rows) > MOST)


async def queue(answers: Answers, listed: UnderWay, patience: float = PATIENCE) -> Queue:
    """Those that wait first, each group with the longest wait first."""
    found = await answers.of([row.thread for row in listed.rows], patience)
    entries = [described(row, found.get(row.thread)) for row in listed.rows]
    entries.sort(key=lambda entry: (not entry.waits, entry.since or entry.row.started_at))
    return Queue(entries=tuple(entries), more=listed.more, silent=len(listed.rows) - len(found))


def described(row: ThreadRow, told: Told | None) -> Waiting:
    """Pure. A thread that does not answer has told nothing."""
    if told is None:
        return Waiting(row=row, waits=row.state == ThreadPhase.PAUSED)
    status, run = told.status, told.run
    task = status.open_task
    queued_up = run is not None and not run.begun
    # A task that has not begun and says until when waits for money that others hold.
    held = task is not None and (task.step.waits or (task.until is not None and task.step is not TaskStep.AGENT))
    waits = status.phase is ThreadPhase.PAUSED or held or queued_up
    return Waiting(
        row=row,
        step=str(task.step) if task else "",
        why=_why(status, queued_up) if waits else "",
        until=task.until if task and held and not task.frozen else None,  # it does not go on by itself then
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

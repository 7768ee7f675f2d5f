"""What a sandbox host still has of tasks and threads that are over, and what may be taken away (spec: lifecycle §13).

Everything here is a decision: who is asked, and who removes, is elsewhere. In doubt a thing stays.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from airut.models.base import Model

SETTLED = timedelta(minutes=10)
"""Nothing younger goes: it may be in the making, and its task not yet where it can be asked for."""
GONE_FOR = timedelta(hours=24)
"""A thread's folder goes when its thread was seen over, or not at all, at all looks of a day."""
MISSING_MOST = 5_000
"""Folders whose threads are over that are remembered: the memory goes through Temporal as one value. More than that
wait for the next look."""
MOVED_FOR = timedelta(minutes=10)
"""A thread that has just come here may still say that it is where it was: its own word of that is under way. After two
more looks it has arrived, for what carries it is what carries the looks."""
PRUNE_EVERY = timedelta(days=1)
PRUNE_BELOW = 0.15
"""Share of free disk: at 85 % full, images go without waiting for their day (spec: sandbox §3)."""


class Life(StrEnum):
    """What Temporal says of a workflow id."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Standing(Model):
    """`host` is the sandbox host that an open thread says it has; None where it says nothing."""

    life: Life
    host: str | None = None


class OwnedSandbox(Model):
    """A sandbox of this installation on this host, or what is left of one: container, proxy, network or folder."""

    sandbox_id: str
    owner: str
    """`task`, or `cli` for a command line's."""
    thread: str = ""
    task: str = ""
    started: datetime
    ends: datetime
    """When its time limit is over, whatever becomes of us."""

    @property
    def asked_for(self) -> bool:
        """Whether Temporal knows its task and thread by these names. It knows no command line, and a schedule's
        trigger runs before there is a thread: those have their time, and no more."""
        return self.owner == "task" and self.thread.split("/")[1:2] != ["schedule"]


class Missing(Model):
    """A thread with a folder here that was over, or unknown, at each look since then."""

    thread: str
    since: datetime


class SweepMemory(Model):
    """What one sweep leaves to the next one."""

    missing: tuple[Missing, ...] = ()
    elsewhere: tuple[Missing, ...] = ()
    """Threads of which something is here, and which were on another host at each look since then."""
    pruned_at: datetime | None = None


class SweepOrder(Model):
    now: datetime
    memory: SweepMemory = SweepMemory()


class SweepReport(Model):
    """What was removed, what could not be, and the idle threads that have to end so that there is room."""

    memory: SweepMemory
    sandboxes: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def sandbox_goes(
    found: OwnedSandbox, task: Standing | None, thread: Standing | None, now: datetime, memory: SweepMemory
) -> bool:
    """Whether a sandbox has nobody any more. None as a standing is *nobody could be asked*."""
    if now - found.started < SETTLED:
        return False
    if not found.asked_for:
        return now > found.ends + SETTLED
    if task is None or thread is None:
        return False
    return task.life is not Life.OPEN or _has_moved(found.thread, now, memory)


def folder_goes(thread: str, standing: Standing | None, now: datetime, memory: SweepMemory) -> bool:
    """Whether a thread's folder has nobody any more."""
    if standing is None:
        return False
    if standing.life is Life.OPEN:
        return _has_moved(thread, now, memory)
    return any(missing.thread == thread and now - missing.since >= GONE_FOR for missing in memory.missing)


def remembered(before: tuple[Missing, ...], folders: dict[str, Standing | None], now: datetime) -> tuple[Missing, ...]:
    """Which of the threads that have folders are over, and since when. Who could not be asked stays as it was."""
    since = {missing.thread: missing.since for missing in before}
    found: list[Missing] = []
    for thread, standing in folders.items():
        if standing is None and thread in since:
            found.append(Missing(thread=thread, since=since[thread]))
        elif standing is not None and standing.life is not Life.OPEN:
            found.append(Missing(thread=thread, since=since.get(thread, now)))
    return tuple(sorted(found, key=lambda missing: missing.since)[:MISSING_MOST])


def seen_elsewhere(
    before: tuple[Missing, ...], standings: dict[str, Standing | None], host: str, now: datetime
) -> tuple[Missing, ...]:
    """Which of these threads are on another host, and since when. Who could not be asked is as good as here."""
    since = {missing.thread: missing.since for missing in before}
    found = [
        Missing(thread=thread, since=since.get(thread, now))
        for thread, standing in standings.items()
        if standing is not None and standing.life is Life.OPEN and standing.host not in {None, host}
    ]
    return tuple(sorted(found, key=lambda missing: missing.since)[:MISSING_MOST])


def prune_is_due(memory: SweepMemory, free: float, now: datetime, below: float = PRUNE_BELOW) -> bool:
    return memory.pruned_at is None or now - memory.pruned_at >= PRUNE_EVERY or free < below


def _has_moved(thread: str, now: datetime, memory: SweepMemory) -> bool:
    return any(moved.thread == thread and now - moved.since >= MOVED_FOR for moved in memory.elsewhere)

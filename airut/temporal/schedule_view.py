"""What the server knows of the configured schedules, and what people do to them."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from temporalio.client import Client, ScheduleBackfill, ScheduleDescription, ScheduleHandle, ScheduleOverlapPolicy
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.models.base import Model
from airut.models.schedules.due import Due
from airut.models.schedules.firing import ScheduledTask
from airut.temporal.schedules import DISABLED

NEXT_MOST = 3


class ScheduleRow(Model):
    """One schedule as a list shows it. Times are in the schedule's own zone."""

    schedule: str
    when: str
    zone: str
    on_server: bool
    """False while no control worker has taken the configuration over."""
    paused: bool = False
    note: str = ""
    next: tuple[datetime, ...] = ()
    running: int = 0
    last_at: datetime | None = None
    last_outcome: str = ""
    missed: int = 0
    """Firings that came up longer than `catch_up` ago, while the server was away."""
    skipped: int = 0
    """Firings left out since an earlier one still ran."""


class ScheduleRefused(Exception):
    """What was asked cannot be done; says why and what can."""


async def schedule_rows(client: Client, tasks: Sequence[ScheduledTask]) -> list[ScheduleRow]:
    """The configured schedules as they stand, in the order of the file.

    Raises:
        RPCError: the server is away.
    """
    return [await _row(client, task) for task in tasks]


async def pause(client: Client, task: ScheduledTask, note: str) -> None:
    await _handle(client, task).pause(note=note)


async def resume(client: Client, task: ScheduledTask) -> None:
    """Raises ScheduleRefused for one that `airut.yaml` has disabled: the next reconcile would pause it again."""
    if not task.settings.enabled:
        raise ScheduleRefused(f"{task.id} is {DISABLED}; set `enabled: true` there")
    await _handle(client, task).unpause(note="resumed by hand")


async def run_now(client: Client, task: ScheduledTask) -> None:
    """Fire once, now, also while it is paused; subject to `overlap`."""
    await _handle(client, task).trigger()


async def backfill(client: Client, task: ScheduledTask, start: datetime, end: datetime) -> None:
    """Fire for every time between the two moments as if it were then, one after the other."""
    order = ScheduleBackfill(start_at=start, end_at=end, overlap=ScheduleOverlapPolicy.BUFFER_ALL)
    await _handle(client, task).backfill(order)


def _handle(client: Client, task: ScheduledTask) -> ScheduleHandle:
    return client.get_schedule_handle(task.id)


async def _row(client: Client, task: ScheduledTask) -> ScheduleRow:
    settings = task.settings
    when = settings.cron or f"every {settings.every:g} s"
    row = ScheduleRow(schedule=task.id, when=when, zone=task.zone, on_server=False)
    try:
        found = await _handle(client, task).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return row
        raise
    last_at, last_outcome = await _last(client, task)
    state, info = found.schedule.state, found.info
    return row.model_copy(
        update={
            "on_server": True,
            "paused": state.paused,
            "note": state.note or "",
            "next": () if state.paused else _next(task, found),
            "running": len(info.running_actions),
            "last_at": last_at,
            "last_outcome": last_outcome,
            "missed": info.num_actions_missed_catchup_window,
            "skipped": info.num_actions_skipped_overlap,
        }
    )


def _next(task: ScheduledTask, found: ScheduleDescription) -> tuple[datetime, ...]:
    """The next times that count: what the server fires besides around a jump of the clocks is left out."""
    zone = ZoneInfo(task.zone)
    due = [time for time in found.info.next_action_times if task.judge(time) is Due.DUE]
    return tuple(time.astimezone(zone) for time in due[:NEXT_MOST])


async def _last(client: Client, task: ScheduledTask) -> tuple[datetime | None, str]:
    """When the newest firing began, and what came of it."""
    query = f"TemporalScheduledById = '{task.id}'"
    async for each in client.list_workflows(query, limit=1):
        found = each.typed_search_attributes
        status = each.status.name.lower() if each.status else ""
        # A firing that failed has no outcome of its own, and its last state would be a lie.
        word = found.get(contracts.OUTCOME) or (found.get(contracts.STATE) if status == "running" else status)
        return each.start_time.astimezone(ZoneInfo(task.zone)), word or status
    return None, ""

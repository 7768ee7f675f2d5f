"""The configured schedules as Temporal Schedules: made, changed and removed to what `airut.yaml` says."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.config.schema import Config
from airut.models.base import Model
from airut.models.schedules.clock_shift import clock_shifts
from airut.models.schedules.firing import ScheduledTask
from airut.models.schedules.schedule import Overlap, ScheduleSettings
from airut.temporal.calendars import schedule_spec

INSTALLATION = "airut_installation"
"""Memo of a schedule: whose it is. Several installations can share a namespace."""
DIGEST = "airut_digest"
"""Memo of a schedule's firings: what the schedule was made from, so that an unchanged one is left alone."""
DISABLED = "disabled in airut.yaml"
"""Note of a schedule that is paused because its settings say so; any other pause is somebody's own."""

AHEAD = timedelta(days=5 * 365 + 2)
BEHIND = timedelta(days=370)
"""Clock changes of these years are known to a schedule: firings of the past come too, by catch-up and backfill."""

POLICIES = {
    Overlap.SKIP: ScheduleOverlapPolicy.SKIP,
    Overlap.BUFFER_ONE: ScheduleOverlapPolicy.BUFFER_ONE,
    Overlap.BUFFER_ALL: ScheduleOverlapPolicy.BUFFER_ALL,
    # The workflow cancels the others itself, once it knows that it is no repeat of a doubled hour.
    Overlap.CANCEL_OTHER: ScheduleOverlapPolicy.ALLOW_ALL,
    Overlap.ALLOW_ALL: ScheduleOverlapPolicy.ALLOW_ALL,
}


class Reconciled(Model):
    """What a reconcile did, by schedule id."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    """Not touched: another installation has a schedule of that id."""

    def __str__(self) -> str:
        found = (f"{name}: {', '.join(ids)}" for name, ids in self if ids)
        return "; ".join(found) or "nothing to do"


def scheduled_task(repo: str, name: str, zone: str, settings: ScheduleSettings, now: datetime) -> ScheduledTask:
    """What the firings of a schedule are given. `zone` is the repository's, for a schedule without one of its own."""
    zone = settings.timezone or zone
    # Whole days, so that two reconciles of one day come to the same; with an interval, clocks do not matter.
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    shifts = clock_shifts(ZoneInfo(zone), today - BEHIND, today + AHEAD) if settings.cron is not None else ()
    return ScheduledTask(repo=repo, name=name, zone=zone, settings=settings, shifts=shifts)


def configured_tasks(config: Config, now: datetime) -> tuple[ScheduledTask, ...]:
    """Every schedule of `airut.yaml`."""
    return tuple(
        scheduled_task(name, schedule, repo.timezone, settings, now)
        for name, repo in config.repos.items()
        for schedule, settings in repo.schedules.items()
    )


async def reconcile(client: Client, installation: str, tasks: Sequence[ScheduledTask]) -> Reconciled:
    """Make the server's schedules of this installation those that are given. Safe to call at any time and twice; a
    schedule that somebody has paused stays paused.

    Raises:
        RPCError: the server is away.
    """
    wanted = {task.id: task for task in tasks}
    removed = [
        listed.id
        async for listed in await client.list_schedules()
        if listed.id not in wanted and (await listed.memo()).get(INSTALLATION) == installation
    ]
    for each in removed:
        await _remove(client.get_schedule_handle(each))
    done: dict[_Step, list[str]] = {step: [] for step in _Step}
    for each, task in wanted.items():
        step = await _create(client, installation, task) or await _change(client, installation, task)
        done[step].append(each)
    return Reconciled(
        created=tuple(done[_Step.CREATED]),
        changed=tuple(done[_Step.CHANGED]),
        removed=tuple(removed),
        foreign=tuple(done[_Step.FOREIGN]),
    )


def as_schedule(task: ScheduledTask) -> Schedule:
    """The whole definition."""
    settings = task.settings
    action = ScheduleActionStartWorkflow(
        contracts.SCHEDULED_TASK_WORKFLOW,
        task,
        id=task.id,
        task_queue=contracts.CONTROL_QUEUE,
        static_summary=f"{task.repo}: schedule {task.name}",
        typed_search_attributes=TypedSearchAttributes(
            [SearchAttributePair(contracts.REPO, task.repo), SearchAttributePair(contracts.AUTHOR, task.id)]
        ),
        memo={DIGEST: _digest(task)},
        priority=Priority(fairness_key=task.repo),
    )
    policy = SchedulePolicy(
        overlap=POLICIES[settings.overlap], catchup_window=timedelta(seconds=settings.catch_up), pause_on_failure=False
    )
    state = ScheduleState(paused=not settings.enabled, note=None if settings.enabled else DISABLED)
    return Schedule(action=action, spec=schedule_spec(task), policy=policy, state=state)


class _Step(StrEnum):
    """What was done about one schedule."""

    CREATED = "created"
    CHANGED = "changed"
    KEPT = "kept"
    FOREIGN = "foreign"


async def _create(client: Client, installation: str, task: ScheduledTask) -> _Step | None:
    try:
        await client.create_schedule(task.id, as_schedule(task), memo={INSTALLATION: installation})
    except ScheduleAlreadyRunningError:
        return None
    return _Step.CREATED


async def _change(client: Client, installation: str, task: ScheduledTask) -> _Step:
    """Bring a schedule up to date."""
    step = _Step.KEPT

    async def update(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        nonlocal step
        now = found.description.schedule
        if (await found.description.memo()).get(INSTALLATION) != installation:
            step = _Step.FOREIGN
            return None
        state = _state(now.state, enabled=task.settings.enabled)
        if state == now.state and await _digest_of(client, now) == _digest(task):
            return None
        step = _Step.CHANGED
        schedule = as_schedule(task)
        schedule.state = state
        return ScheduleUpdate(schedule)

    await client.get_schedule_handle(task.id).update(update)
    return step


def _state(now: ScheduleState, *, enabled: bool) -> ScheduleState:
    """Paused where the settings say so, no longer where they alone had said so; else as somebody has left it."""
    paused, note = now.paused, now.note
    if not enabled:
        paused, note = True, DISABLED
    elif now.note == DISABLED:
        paused, note = False, None
    return ScheduleState(
        note=note, paused=paused, limited_actions=now.limited_actions, remaining_actions=now.remaining_actions
    )


async def _digest_of(client: Client, schedule: Schedule) -> str | None:
    """The digest that the server's definition was made from."""
    if not isinstance(schedule.action, ScheduleActionStartWorkflow):
        return None
    payload = (schedule.action.memo or {}).get(DIGEST)
    if payload is None:
        return None
    (value,) = await client.data_converter.decode([payload])
    return str(value)


async def _remove(handle: ScheduleHandle) -> None:
    try:
        await handle.delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


def _digest(task: ScheduledTask) -> str:
    return hashlib.sha256(task.model_dump_json().encode()).hexdigest()

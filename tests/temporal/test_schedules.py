"""The configured schedules against those of a real server."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, ScheduleOverlapPolicy
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from airut.models.schedules.firing import ScheduledTask
from airut.models.schedules.schedule import DeliverTo, ScheduleSettings
from airut.temporal.schedules import DISABLED, POLICIES, Reconciled, reconcile, scheduled_task

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Installation:
    """One `airut.yaml` with one schedule, by names of its own on the shared server."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.id = uuid.uuid4().hex[:8]
        self.repo = f"web-{self.id}"

    def task(self, now: datetime = NOW, **values: object) -> ScheduledTask:
        given = {"cron": "30 2 * * *", "prompt": "look", "deliver": DeliverTo(email=("ann@example.com",))} | values
        return scheduled_task(self.repo, "nightly", "Europe/Berlin", ScheduleSettings.model_validate(given), now)

    async def reconcile(self, *tasks: ScheduledTask) -> Reconciled:
        return await reconcile(self.client, self.id, tasks)


@pytest.fixture
def installation(temporal: WorkflowEnvironment) -> Installation:
    return Installation(temporal.client)


async def test_created_changed_left_alone_removed(installation: Installation) -> None:
    task = installation.task(overlap="buffer_one", catch_up="2h", jitter="30s")
    assert await installation.reconcile(task) == Reconciled(created=(task.id,))
    handle = installation.client.get_schedule_handle(task.id)
    made = await handle.describe()
    policy, spec = made.schedule.policy, made.schedule.spec
    assert (policy.overlap, policy.catchup_window) == (ScheduleOverlapPolicy.BUFFER_ONE, timedelta(hours=2))
    assert (spec.jitter, spec.time_zone_name) == (timedelta(seconds=30), "Europe/Berlin")

    later = installation.task(NOW + timedelta(days=1, hours=5), overlap="buffer_one", catch_up="2h", jitter="30s")
    assert await installation.reconcile(later) == Reconciled()
    assert (await handle.describe()).info.last_updated_at == made.info.last_updated_at

    assert await installation.reconcile(installation.task(cron="0 5 * * mon")) == Reconciled(changed=(task.id,))
    times = (await handle.describe()).info.next_action_times
    assert all(time.weekday() == 0 for time in times)

    async with asyncio.timeout(60):  # the server's list lags behind
        while await installation.reconcile() != Reconciled(removed=(task.id,)):
            await asyncio.sleep(0.1)
    with pytest.raises(RPCError, match="not found"):
        await handle.describe()


async def test_the_clock_changes_of_later_years_are_added_as_they_come_near(installation: Installation) -> None:
    await installation.reconcile(installation.task())
    task = installation.task(NOW + timedelta(days=366))
    assert await installation.reconcile(task) == Reconciled(changed=(task.id,))
    assert max(shift.at.year for shift in task.shifts) == 2031


async def test_a_pause_by_hand_outlives_every_change(installation: Installation) -> None:
    await installation.reconcile(installation.task())
    handle = installation.client.get_schedule_handle(installation.task().id)
    await handle.pause(note="ann: too noisy")
    for task in (installation.task(), installation.task(cron="0 4 * * *"), installation.task(enabled=True)):
        await installation.reconcile(task)
        state = (await handle.describe()).schedule.state
        assert (state.paused, state.note) == (True, "ann: too noisy")


async def test_disabled_and_enabled_again(installation: Installation) -> None:
    off, on = installation.task(enabled=False), installation.task()
    await installation.reconcile(off)
    handle = installation.client.get_schedule_handle(on.id)
    for task, paused, note in ((off, True, DISABLED), (on, False, None), (off, True, DISABLED)):
        await installation.reconcile(task)
        state = (await handle.describe()).schedule.state
        assert (state.paused, state.note) == (paused, note)


async def test_next_times_survive_a_change_of_the_prompt(installation: Installation) -> None:
    every: dict[str, Any] = {"cron": None, "every": "17m"}
    await installation.reconcile(installation.task(**every))
    handle = installation.client.get_schedule_handle(installation.task().id)
    before = (await handle.describe()).info.next_action_times
    await installation.reconcile(installation.task(prompt="something else", **every))
    after = (await handle.describe()).info.next_action_times
    assert before[1:5] == after[1:5] or before[:4] == after[:4]


async def test_what_another_installation_has_is_not_touched(temporal: WorkflowEnvironment) -> None:
    ours, theirs = Installation(temporal.client), Installation(temporal.client)
    theirs.repo = ours.repo
    task = ours.task()
    await ours.reconcile(task)
    assert await theirs.reconcile(theirs.task(cron="0 6 * * *")) == Reconciled(foreign=(task.id,))
    await asyncio.sleep(0.5)
    assert await theirs.reconcile() == Reconciled()
    assert await ours.reconcile(task) == Reconciled()


def test_every_overlap_has_a_policy() -> None:
    assert {str(overlap): policy.name for overlap, policy in POLICIES.items()} == {
        "skip": "SKIP",
        "buffer_one": "BUFFER_ONE",
        "buffer_all": "BUFFER_ALL",
        "cancel_other": "ALLOW_ALL",
        "allow_all": "ALLOW_ALL",
    }

"""Firings of a schedule that overlap."""

import asyncio
from datetime import UTC, datetime

from airut.models.schedules.firing import FiringEnd
from airut.models.tasks.outcome import TaskOutcome
from tests.support.asking import agents_run
from tests.support.eventually import eventually
from tests.support.scripted_activities import ScriptedActivities
from tests.workflows.scheduled import Make, replays


async def test_overlapping_firings_are_skipped(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(overlap="skip")
    activities.gate.clear()
    await made.handle.trigger()
    await agents_run(activities)
    await asyncio.sleep(1.1)  # a firing is named after its second
    await made.handle.trigger()
    await asyncio.sleep(1)
    assert len(await made.firings()) == 1
    activities.gate.set()
    await made.results(1)


async def test_an_overlapping_firing_waits_its_turn(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(overlap="buffer_one")
    activities.gate.clear()
    await made.handle.trigger()
    await agents_run(activities)
    await asyncio.sleep(1.1)  # a firing is named after its second
    await made.handle.trigger()
    await asyncio.sleep(0.5)
    assert len(activities.agent_inputs) == 1
    activities.gate.set()
    assert len(await made.results(2)) == 2


async def test_a_newer_firing_displaces_the_trigger_of_an_older_one(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule(overlap="cancel_other", cron="0 0 * * *", prompt=None, trigger={"command": ["check"]})
    activities.gate.clear()
    await made.backfill(datetime(2026, 1, 5, tzinfo=UTC))
    await eventually(lambda: activities.trigger_inputs)
    await made.fired(1)
    await made.backfill(datetime(2026, 1, 6, tzinfo=UTC))
    await eventually(lambda: len(activities.trigger_inputs) == 2)
    activities.gate.set()
    older, newer = await made.results(2)
    assert (older.end, newer.end) == (FiringEnd.STOPPED, FiringEnd.NOTHING_TO_DO)


async def test_a_newer_firing_stops_the_task_of_an_older_one_and_waits_for_its_end(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule(overlap="cancel_other", cron="0 0 * * *")
    activities.gate.clear()
    await made.backfill(datetime(2026, 1, 5, tzinfo=UTC))
    await agents_run(activities)
    await made.fired(1)
    await made.backfill(datetime(2026, 1, 6, tzinfo=UTC))
    await eventually(lambda: len(activities.agent_inputs) == 2)
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.STOPPED]
    activities.gate.set()
    older, newer = await made.results(2)
    assert (older.end, older.outcome) == (FiringEnd.DELIVERED, TaskOutcome.STOPPED)
    assert (newer.end, newer.outcome) == (FiringEnd.DELIVERED, TaskOutcome.SUCCESS)
    for each in await made.firings():
        await replays(made.client, each.id)


async def test_a_repeat_displaces_nothing(schedule: Make, activities: ScriptedActivities) -> None:
    now = datetime(2026, 10, 1, tzinfo=UTC)
    made = await schedule("America/New_York", now, cron="30 1 * * *", overlap="cancel_other")
    activities.gate.clear()
    await made.backfill(datetime(2025, 11, 2, 5, 30, tzinfo=UTC))
    await agents_run(activities)
    await made.backfill(datetime(2025, 11, 2, 6, 30, tzinfo=UTC))
    await asyncio.sleep(1)
    activities.gate.set()
    first, repeat = await made.results(2)
    assert (first.outcome, repeat.end) == (TaskOutcome.SUCCESS, FiringEnd.SKIPPED_REPEAT)

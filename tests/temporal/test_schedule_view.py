"""What `airut schedule` shows and does, on a real server without workers."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import WorkflowEnvironment

from airut.temporal import schedule_view
from tests.temporal.test_schedules import Installation


@pytest.fixture
def installation(temporal: WorkflowEnvironment) -> Installation:
    return Installation(temporal.client)


async def row(installation: Installation, **values: object) -> schedule_view.ScheduleRow:
    task = installation.task(datetime.now(UTC), **values)
    (found,) = await schedule_view.schedule_rows(installation.client, [task])
    return found


async def test_one_that_is_only_configured_says_so(installation: Installation) -> None:
    assert await row(installation) == schedule_view.ScheduleRow(
        schedule=f"{installation.repo}/schedule/nightly", when="30 2 * * *", zone="Europe/Berlin", on_server=False
    )


async def test_next_times_stand_in_the_schedules_zone(installation: Installation) -> None:
    await installation.reconcile(installation.task(datetime.now(UTC)))
    found = await row(installation)
    assert [time.tzinfo for time in found.next] == [ZoneInfo("Europe/Berlin")] * 3
    assert all((time.hour, time.minute) in {(2, 30), (3, 0)} for time in found.next)
    assert (found.on_server, found.paused, found.missed, found.last_outcome) == (True, False, 0, "")


async def test_paused_and_resumed(installation: Installation) -> None:
    task = installation.task(datetime.now(UTC))
    await installation.reconcile(task)
    await schedule_view.pause(installation.client, task, "ann: holidays")
    found = await row(installation)
    assert (found.paused, found.note, found.next) == (True, "ann: holidays", ())
    await schedule_view.resume(installation.client, task)
    assert not (await row(installation)).paused


async def test_one_that_the_file_disables_is_not_resumed(installation: Installation) -> None:
    task = installation.task(datetime.now(UTC), enabled=False)
    await installation.reconcile(task)
    with pytest.raises(schedule_view.ScheduleRefused, match=r"disabled in airut\.yaml; set `enabled: true` there"):
        await schedule_view.resume(installation.client, task)


async def test_backfill_fires_for_each_time_and_run_for_now(installation: Installation) -> None:
    task = installation.task(datetime.now(UTC), cron="0 0 * * *", overlap="allow_all")
    await installation.reconcile(task)
    client, zone = installation.client, ZoneInfo("Europe/Berlin")
    await schedule_view.backfill(client, task, datetime(2026, 1, 5, tzinfo=zone), datetime(2026, 1, 7, tzinfo=zone))
    ended: list[str] = []
    async with asyncio.timeout(60):
        while len(ended) < 3:  # one after the other: nobody runs them here, so each is ended by hand
            async for each in client.list_workflows(
                f"TemporalScheduledById = '{task.id}' AND ExecutionStatus='Running'"
            ):
                if each.id not in ended:
                    assert (await row(installation)).last_outcome == "running"
                    ended.append(each.id)
                    await client.get_workflow_handle(each.id).terminate()
            await asyncio.sleep(0.1)
    days = ("2026-01-04T23", "2026-01-05T23", "2026-01-06T23")
    assert ended == [f"{task.id}-{day}:00:00Z" for day in days]
    await schedule_view.run_now(client, task)
    now: list[str] = []
    async with asyncio.timeout(60):
        while not now:
            query = f"TemporalScheduledById = '{task.id}'"
            now = [each.id async for each in client.list_workflows(query) if each.id not in ended]
    found = await row(installation)
    assert found.last_outcome == "running"
    assert found.last_at is not None
    assert found.last_at.tzinfo == zone
    await client.get_workflow_handle(now[0]).terminate()

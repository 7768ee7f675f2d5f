"""The real server's own matching times of our schedules, across real clock changes."""

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from airut.models.schedules.cron import parse_cron
from airut.models.schedules.due import Due
from airut.models.schedules.firing import ScheduledTask
from airut.models.schedules.schedule import DeliverTo, ScheduleSettings
from airut.temporal.schedules import as_schedule, scheduled_task

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)

CHANGES = {
    "Europe/Berlin": (datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1), datetime(2030, 3, 31, 1)),
    "America/New_York": (datetime(2026, 3, 8, 7), datetime(2026, 11, 1, 6), datetime(2030, 3, 10, 7)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, 15), datetime(2026, 10, 3, 15, 30), datetime(2030, 10, 5, 15, 30)),
    "Europe/London": (datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1)),
    "Atlantic/Azores": (datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1)),
    "America/Santiago": (datetime(2026, 4, 5, 3), datetime(2026, 9, 6, 4)),
    "America/Havana": (datetime(2026, 3, 8, 5), datetime(2026, 11, 1, 5)),
    "Africa/Cairo": (datetime(2026, 4, 23, 22), datetime(2026, 10, 29, 21)),
    "Africa/Casablanca": (datetime(2026, 2, 15, 2), datetime(2026, 3, 22, 2)),
    "Antarctica/Troll": (datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1)),
    "Asia/Kolkata": (datetime(2026, 3, 29, 1),),
}
"""Moments (UTC) at which the clocks change, the last one near the end of the years that are looked ahead. East and west of
Greenwich, by an hour, half an hour and two, in the night and at midnight; and a zone whose clocks stay as they are."""


def settings(**values: object) -> ScheduleSettings:
    given = {"prompt": "look", "deliver": DeliverTo(email=("ann@example.com",))} | values
    return ScheduleSettings.model_validate(given)


async def matching(client: Client, task: ScheduledTask, start: datetime, end: datetime) -> list[datetime]:
    """What the server would fire between the two moments."""
    unique = task.model_copy(update={"name": f"{task.name}-{uuid.uuid4().hex[:8]}"})
    handle = await client.create_schedule(unique.id, as_schedule(unique))
    request = ListScheduleMatchingTimesRequest(
        namespace=client.namespace, schedule_id=unique.id, start_time=stamp(start), end_time=stamp(end)
    )
    answer = await client.workflow_service.list_schedule_matching_times(request)
    await handle.delete()
    return [one.ToDatetime(UTC) for one in answer.start_time]


def stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment.astimezone(UTC))
    return made


def due(text: str, zone: ZoneInfo, start: datetime, end: datetime) -> set[datetime]:
    """From the zone database alone: a named time of a fixed hour at its first moment, or where it is left out at the
    next moment that the clock shows; a free hour whenever the clock shows it."""
    cron = parse_cron(text)
    if not cron.fixed_hour:
        return {moment for moment in minutes(start, end) if cron.matches(moment.astimezone(zone).replace(tzinfo=None))}
    found: set[datetime] = set()
    wall = start.astimezone(zone).replace(tzinfo=None, fold=0) - timedelta(days=1)
    while wall <= end.astimezone(zone).replace(tzinfo=None) + timedelta(days=1):
        if cron.matches(wall):
            shown = wall
            while shown.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != shown:
                shown += timedelta(minutes=1)
            found.add(shown.replace(tzinfo=zone).astimezone(UTC))
        wall += timedelta(minutes=1)
    return {moment for moment in found if start <= moment <= end}


def minutes(start: datetime, end: datetime) -> list[datetime]:
    return [start + timedelta(minutes=number) for number in range(int((end - start).total_seconds()) // 60 + 1)]


TEXTS = (
    "30 2 * * *",
    "0 2 * * *",
    "*/10 1-2 * * *",
    "15 2 * * sun",
    "45 1,2,3 29 3 sun",
    "0 3 * * *",
    "30 2 1 11 mon",
    "*/20 * * * *",
    "5 */2 * * *",
    "@daily",
    "@hourly",
)
FURTHER_TEXTS = ("0 8 * * fri,sun", "10,35 0-3 * * *", "*/20 * * * *", "30 2 * * *")


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        *((zone, text) for zone in list(CHANGES)[:3] for text in TEXTS),
        *(
            (zone, text)
            for zone in CHANGES
            for text in FURTHER_TEXTS
            if text not in TEXTS or zone not in list(CHANGES)[:3]
        ),
    ],
)
async def test_across_clock_changes_each_time_counts_once(temporal: WorkflowEnvironment, zone: str, text: str) -> None:
    task = scheduled_task("web", "nightly", "UTC", settings(cron=text, timezone=zone), NOW)
    for change in CHANGES[zone]:
        start, end = (change.replace(tzinfo=UTC) + timedelta(hours=hours) for hours in (-26, 26))
        fired = await matching(temporal.client, task, start - timedelta(seconds=1), end)
        assert len(fired) == len(set(fired))  # equal moments of two calendars are one
        counted = {moment for moment in fired if task.judge(moment) is Due.DUE}
        assert counted == due(text, ZoneInfo(zone), start, end), change


async def test_intervals_go_by_real_time_through_both_hours(temporal: WorkflowEnvironment) -> None:
    task = scheduled_task("web", "often", "Europe/Berlin", settings(every="30m"), NOW)
    start = datetime(2026, 10, 25, 0, tzinfo=UTC)
    fired = await matching(temporal.client, task, start - timedelta(seconds=1), start + timedelta(hours=2))
    assert fired == [start + timedelta(minutes=30 * number) for number in range(5)]
    assert all(task.judge(moment) is Due.DUE for moment in fired)


async def test_either_day_field_may_match(temporal: WorkflowEnvironment) -> None:
    task = scheduled_task("web", "friday", "UTC", settings(cron="0 6 13 * 5"), NOW)
    start = datetime(2026, 2, 1, tzinfo=UTC)
    fired = await matching(temporal.client, task, start, start + timedelta(days=45))
    assert [f"{moment:%m-%d %H:%M}" for moment in fired] == [
        f"{day} 06:00" for day in ("02-06", "02-13", "02-20", "02-27", "03-06", "03-13")
    ]

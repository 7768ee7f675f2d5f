"""What is due around clock changes: a table, and a comparison with the zone database itself."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.schedules.clock_shift import ClockShift, clock_shifts
from airut.models.schedules.cron import parse_cron
from airut.models.schedules.due import Due, doubtful, due_moments, judge

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana")
EXPRESSIONS = (
    "30 2 * * *",
    "*/20 2 * * *",
    "0 1-4 * * *",
    "15,45 0-3 * * sun",
    "30 2 8 3 *",
    "0 3 * * *",
    "10 2 29 3 mon",
    "*/30 * * * *",
    "15 */2 * * *",
    "@daily",
    "@hourly",
)


def jump(zone: str, month: int) -> ClockShift:
    start = datetime(2026, month, 1, tzinfo=UTC)
    (found,) = clock_shifts(ZoneInfo(zone), start, start + timedelta(days=31))
    return found


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("30 2 * * *", ["01:00"]),
        ("*/5 2 * * *", ["01:00"]),
        ("59 1-2 * * *", ["01:00"]),
        ("0 2 29 3 *", ["01:00"]),
        ("30 2,3 * * *", ["01:00", "01:30"]),
        ("0 3 * * *", ["01:00"]),
        ("0 2,3 * * *", ["01:00"]),
        ("59 1 * * *", []),
        ("30 2 * * mon", []),
        ("30 * * * *", ["01:30", "02:30"]),
        ("30 */2 * * *", ["02:30"]),
    ],
)
def test_what_a_gap_leaves_out_is_due_once_at_its_end(text: str, due: list[str]) -> None:
    """Berlin, Sunday, 29 March 2026: 02:00 is 03:00, at 01:00 UTC."""
    found = due_moments(parse_cron(text), jump("Europe/Berlin", 3))
    assert [f"{moment:%H:%M}" for moment in found] == due


@pytest.mark.parametrize(
    ("zone", "month", "text", "worth"),
    [
        ("America/New_York", 11, "30 1 * * *", {"05:30": "due", "06:30": "repeat", "06:00": "not_due"}),
        ("America/New_York", 11, "*/30 1-2 * * *", {"05:00": "due", "05:30": "due", "06:00": "repeat", "07:00": "due"}),
        ("America/New_York", 11, "30 * * * *", {"05:30": "due", "06:30": "due", "06:31": "not_due"}),
        ("America/New_York", 11, "30 */1 * * *", {"05:30": "due", "06:30": "due"}),
        ("Europe/Berlin", 10, "30 2 * * *", {"00:30": "due", "01:30": "repeat", "02:30": "not_due"}),
        ("Australia/Lord_Howe", 10, "5 */2 * * *", {"15:35": "not_due", "17:05": "due"}),
        ("Australia/Lord_Howe", 10, "5 2 * * *", {"15:30": "due", "15:35": "not_due"}),
    ],
)
def test_what_a_firing_is_worth(zone: str, month: int, text: str, worth: dict[str, str]) -> None:
    shift = jump(zone, month)
    for time, expected in worth.items():
        hour, minute = map(int, time.split(":"))
        moment = shift.at.replace(hour=hour, minute=minute)
        assert judge(parse_cron(text), (shift,), moment) == expected, time


def test_a_firing_by_hand_counts_in_a_doubled_hour_too() -> None:
    shift = jump("America/New_York", 11)
    moment = shift.at + timedelta(minutes=30, seconds=17)
    assert judge(parse_cron("30 1 * * *"), (shift,), moment) is Due.DUE


@given(st.sampled_from(ZONES), st.sampled_from(EXPRESSIONS), st.integers(2024, 2031), st.integers(0, 3))
def test_due_is_what_the_zone_database_says(zone_name: str, text: str, year: int, which: int) -> None:
    """A fixed hour: each named time at its first moment, or at the next one that the clock shows. Else: each time."""
    zone, cron = ZoneInfo(zone_name), parse_cron(text)
    shifts = clock_shifts(zone, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    shift = shifts[which % len(shifts)]
    start, end = doubtful(cron, shift)
    moments = [start + timedelta(minutes=number) for number in range(int((end - start).total_seconds()) // 60)]
    expected: set[datetime] = set()
    for minute in range(-180, len(moments) + 180) if cron.fixed_hour else ():
        wall = start.astimezone(zone).replace(tzinfo=None, fold=0) + timedelta(minutes=minute)
        if cron.matches(wall):
            while wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != wall:
                wall += timedelta(minutes=1)
            expected.add(wall.replace(tzinfo=zone).astimezone(UTC))
    if not cron.fixed_hour:
        expected = {moment for moment in moments if cron.matches(moment.astimezone(zone).replace(tzinfo=None))}
    assert list(due_moments(cron, shift)) == sorted(expected & set(moments))

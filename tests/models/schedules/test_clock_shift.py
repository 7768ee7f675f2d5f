"""Where clock changes lie, to the second."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from airut.models.schedules.clock_shift import clock_shifts


def shifts_of(zone: str, year: int) -> list[str]:
    start = datetime(year, 1, 1, tzinfo=UTC)
    found = clock_shifts(ZoneInfo(zone), start, start.replace(year=year + 1))
    return [f"{shift.at:%m-%d %H:%M:%S} {shift.from_wall:%H:%M}->{shift.to_wall:%H:%M}" for shift in found]


@pytest.mark.parametrize(
    ("zone", "shifts"),
    [
        ("Europe/Berlin", ["03-29 01:00:00 02:00->03:00", "10-25 01:00:00 03:00->02:00"]),
        ("America/New_York", ["03-08 07:00:00 02:00->03:00", "11-01 06:00:00 02:00->01:00"]),
        ("Australia/Lord_Howe", ["04-04 15:00:00 02:00->01:30", "10-03 15:30:00 02:00->02:30"]),
        ("Africa/Casablanca", ["02-15 02:00:00 03:00->02:00", "03-22 02:00:00 02:00->03:00"]),
        ("Asia/Tokyo", []),
        ("UTC", []),
    ],
)
def test_clock_changes_of_2026(zone: str, shifts: list[str]) -> None:
    assert shifts_of(zone, 2026) == shifts

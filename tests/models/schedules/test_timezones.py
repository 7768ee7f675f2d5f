"""Days of time zones, across changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.schedules.timezones import ZoneDay, parse_zone, zone_day

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "first", "hours", "day"),
    [
        ("UTC", "2026-03-29T00:00:00Z", 24, "2026-03-29"),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", 23, "2026-03-29"),
        ("Europe/Berlin", "2026-10-24T22:00:00Z", 25, "2026-10-25"),
        ("Asia/Kathmandu", "2026-03-28T18:15:00Z", 24, "2026-03-29"),
        # Clocks go forward at midnight: the day begins at 01:00.
        ("America/Santiago", "2026-09-06T04:00:00Z", 23, "2026-09-06"),
        ("Africa/Cairo", "2026-04-23T22:00:00Z", 23, "2026-04-24"),
        # Clocks go back at midnight: the day before has its last hour twice.
        ("America/Santiago", "2026-04-04T03:00:00Z", 25, "2026-04-04"),
        # Clocks go back at 01:00: midnight comes twice, and the first one begins the day.
        ("America/Havana", "2026-11-01T04:00:00Z", 25, "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-04T13:00:00Z", 24.5, "2026-04-05"),
        # A day that there never was: the zone crossed the date line.
        ("Pacific/Apia", "2011-12-29T10:00:00Z", 24, "2011-12-29"),
    ],
)
def test_a_day_from_its_first_moment_to_its_last(zone: str, first: str, hours: float, day: str) -> None:
    start = datetime.fromisoformat(first)
    end = start + hours * HOUR
    expected = ZoneDay(day=date.fromisoformat(day), ends_at=end, zone=zone)
    tick = timedelta(microseconds=1)
    assert zone_day(start, zone) == expected
    assert zone_day(end - tick, zone) == expected
    assert zone_day(start - tick, zone).ends_at == start
    assert zone_day(end, zone).day > expected.day


def test_the_end_is_told_in_the_zones_own_time() -> None:
    day = zone_day(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "Europe/Berlin")
    assert day.ends_at.isoformat() == "2026-03-30T00:00:00+02:00"
    assert ZoneDay.model_validate_json(day.model_dump_json()) == day


def test_a_day_that_is_left_and_entered_again_ends_twice() -> None:
    """Until 2011 clocks in St. John's went back at 00:01: the day began, and an hour of the day before came again."""
    moments = [datetime(2010, 11, 7, 2, 30, 30, tzinfo=UTC), datetime(2010, 11, 7, 3, tzinfo=UTC)]
    assert [
        (zone_day(each, "America/St_Johns").day, zone_day(each, "America/St_Johns").ends_at) for each in moments
    ] == [
        (date(2010, 11, 7), datetime(2010, 11, 8, 3, 30, tzinfo=UTC)),
        (date(2010, 11, 6), datetime(2010, 11, 7, 3, 30, tzinfo=UTC)),
    ]


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Santiago", "America/Havana", "Asia/Gaza", "Australia/Lord_Howe", "Pacific/Apia"]
)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)), ZONES)
def test_every_moment_lies_in_a_day_that_ends_after_it(now: datetime, zone: str) -> None:
    found = zone_day(now, zone)
    assert now.astimezone(ZoneInfo(zone)).date() == found.day
    assert timedelta() < found.ends_at - now <= 26 * HOUR
    assert zone_day(found.ends_at, zone).day > found.day


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Europe/Berln", "'Europe/Berln' is no IANA time zone; write Europe/Berlin"),
        ("europe/berlin", "write Europe/Berlin"),
        ("CEST", "is no IANA time zone"),
        ("+02:00", "write one such as Europe/Berlin or UTC"),
        ("localtime", "is no IANA time zone"),
        ("../etc/passwd", "is no IANA time zone"),
        ("", "write one such as Europe/Berlin or UTC"),
    ],
)
def test_what_is_no_zone(name: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        parse_zone(name)
    assert told in str(raised.value)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_zones(name: str) -> None:
    assert parse_zone(name) == name

"""Cron expressions: a table of errors, and a brute-force reading of cron(5) to compare with."""

import re
from datetime import datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airut.models.schedules.cron import SHORTHANDS, parse_cron

NAMES = {name: index for index, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
NAMES |= {
    name: index + 1
    for index, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
}

ERRORS = {
    "": "'' has 0 fields; write five: minute, hour, day of month, month, day of week",
    "* * * *": "'* * * *' has 4 fields; write five: minute, hour, day of month, month, day of week",
    "0 0 0 0 0 0": "'0 0 0 0 0 0' has 6 fields; write five: minute, hour, day of month, month, day of week",
    "60 * * * *": "minute: '60': allowed are 0-59, lists (1,2), ranges (1-3), steps (*/2)",
    "-1 * * * *": "minute: '-1': allowed are 0-59, lists (1,2), ranges (1-3), steps (*/2)",
    "* 24 * * *": "hour: '24': allowed are 0-23, lists (1,2), ranges (1-3), steps (*/2)",
    "* * 0 * *": "day of month: '0': allowed are 1-31, lists (1,2), ranges (1-3), steps (*/2)",
    "* * L * *": "day of month: 'L': allowed are 1-31, lists (1,2), ranges (1-3), steps (*/2)",
    "* * * 13 *": "month: '13': allowed are 1-12 or jan-dec, lists (1,2), ranges (1-3), steps (*/2)",
    "* * * mai *": "month: 'mai': allowed are 1-12 or jan-dec, lists (1,2), ranges (1-3), steps (*/2)",
    "* * * * 8": "day of week: '8': allowed are 0-7 or sun-sat, lists (1,2), ranges (1-3), steps (*/2)",
    "* * * * monday": "day of week: 'monday': allowed are 0-7 or sun-sat, lists (1,2), ranges (1-3), steps (*/2)",
    "*/0 * * * *": "minute: '*/0': the step '0' is not a number above 0",
    "*/x * * * *": "minute: '*/x': the step 'x' is not a number above 0",
    "1,,2 * * * *": "minute: 'nothing': allowed are 0-59, lists (1,2), ranges (1-3), steps (*/2)",
    "*-5 * * * *": "minute: '*-5': allowed are 0-59, lists (1,2), ranges (1-3), steps (*/2)",
    "1-2-3 * * * *": "minute: '1-2-3': allowed are 0-59, lists (1,2), ranges (1-3), steps (*/2)",
    "²  * * * *": "minute: '²': allowed are 0-59, lists (1,2), ranges (1-3), steps (*/2)",
    "* 20-4 * * *": "hour: '20-4': the range runs backwards; write it as two, with a comma",
    "* * * * fri-mon": "day of week: 'fri-mon': the range runs backwards; write it as two, with a comma",
    "0 0 31 2 *": "'0 0 31 2 *' never matches: no month given has a day 31",
    "0 0 30,31 feb *": "'0 0 30,31 feb *' never matches: no month given has a day 30",
    "0 0 31 4,6,9,11 *": "'0 0 31 4,6,9,11 *' never matches: no month given has a day 31",
    "@reboot": f"'@reboot' is not known; write one of {', '.join(SHORTHANDS)}, or five fields",
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors_name_the_field_and_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(ERRORS[text])}$"):
        parse_cron(text)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("30 2 * * *", ["01-01 02:30", "01-02 02:30", "01-03 02:30"]),
        ("*/20 9-10 * * mon", ["01-05 09:00", "01-05 09:20", "01-05 09:40", "01-05 10:00"]),
        ("0 8 * * MON-fri", ["01-01 08:00", "01-02 08:00", "01-05 08:00"]),
        ("0 0 13 * 5", ["01-02 00:00", "01-09 00:00", "01-13 00:00", "01-16 00:00"]),
        ("0 0 31 2 mon", ["02-02 00:00", "02-09 00:00"]),
        ("0 0 * * 7", ["01-04 00:00", "01-11 00:00"]),
        ("0 0 * * fri-sun", ["01-02 00:00", "01-03 00:00", "01-04 00:00", "01-09 00:00"]),
        ("5/25 0 1 Jan,jul *", ["01-01 00:05", "01-01 00:30", "01-01 00:55", "07-01 00:05"]),
        ("@daily", ["01-02 00:00", "01-03 00:00"]),
        ("@Weekly", ["01-04 00:00", "01-11 00:00"]),
        ("@hourly", ["01-01 01:00", "01-01 02:00"]),
        ("@monthly", ["02-01 00:00", "03-01 00:00"]),
    ],
)
def test_times(text: str, times: list[str]) -> None:
    """From Thursday, 1 January 2026, midnight on, that minute itself left out."""
    found = islice(parse_cron(text).after(datetime(2026, 1, 1)), len(times))
    assert [f"{one:%m-%d %H:%M}" for one in found] == times


def test_a_leap_day_is_waited_for() -> None:
    assert next(parse_cron("0 0 29 2 *").after(datetime(2097, 1, 1))) == datetime(2104, 2, 29)


@pytest.mark.parametrize(
    ("hour", "fixed"),
    [
        *((hour, True) for hour in ("2", "9-17", "0,12", "9-17/2", "3/6", "*/6,9")),
        *((hour, False) for hour in ("*", "*/1", "*/6", "*/6,*/5", "0-23")),
    ],
)
def test_which_hours_are_fixed(hour: str, fixed: bool) -> None:
    assert parse_cron(f"0 {hour} * * *").fixed_hour is fixed


def fields(least: int, most: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    value = st.integers(least, most).map(str) | (st.sampled_from(names) if names else st.nothing())
    number = st.integers(least, most)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    stepped = st.tuples(st.just("*") | span | number.map(str), st.integers(1, 20)).map(_joined)
    return st.just("*") | st.lists(value | span | stepped, min_size=1, max_size=3).map(",".join)


def _joined(pair: tuple[str, int]) -> str:
    return f"{pair[0]}/{pair[1]}"


EXPRESSIONS = st.tuples(
    fields(0, 59),
    fields(0, 23),
    fields(1, 31),
    fields(1, 12, ("jan", "Feb", "DEC")),
    fields(0, 7, ("sun", "Mon", "SAT")),
).map(" ".join)


def in_field(text: str, value: int, most: int) -> bool:
    """cron(5), word for word, for one value."""
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        low = 0 if first == "*" else NAMES.get(first.lower(), None)
        low = int(first) if low is None else low
        if first == "*" and most in (31, 12):
            low = 1
        high = int(last) if dash else most if step or first == "*" else low
        if low <= value <= high and (value - low) % int(step or 1) == 0:
            return True
    return False


def matches(text: str, moment: datetime) -> bool:
    minute, hour, day, month, weekday = text.split()
    by_number = in_field(day, moment.day, 31)
    number = moment.isoweekday() % 7
    by_name = in_field(weekday, number, 6 if weekday.startswith("*") else 7) or (
        number == 0 and in_field(weekday, 7, 6 if weekday.startswith("*") else 7)
    )
    dates = by_number or by_name if day != "*" and weekday != "*" else by_number and by_name
    return (
        in_field(minute, moment.minute, 59)
        and in_field(hour, moment.hour, 23)
        and in_field(month, moment.month, 12)
        and dates
    )


def minutes_of(text: str) -> list[datetime]:
    """Midnight and one more minute of every day of four years, where the expression could match if it ever does."""
    days = [datetime(2024, 1, 1) + timedelta(days=number) for number in range(4 * 366)]
    minute, hour = (next(value for value in range(60) if in_field(part, value, 59)) for part in text.split()[:2])
    return [day.replace(hour=hour, minute=minute) for day in days]


@settings(max_examples=200)
@given(EXPRESSIONS, st.datetimes(datetime(2026, 1, 1), datetime(2032, 12, 31)))
def test_next_times_are_those_of_a_minute_by_minute_search(text: str, start: datetime) -> None:
    try:
        cron = parse_cron(text)
    except ValueError:
        assert not any(matches(text, day) for day in minutes_of(text))
        return
    minute = start.replace(second=0, microsecond=0)
    window = [minute + timedelta(minutes=number) for number in range(1, 3 * 1440)]
    expected = [moment for moment in window if matches(text, moment)][:20]
    found: list[datetime] = []
    for moment in islice(cron.after(start), 20):
        if moment > window[-1]:
            break
        found.append(moment)
    assert found == expected

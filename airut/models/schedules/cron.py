"""Five-field cron expressions: what they mean on a wall clock without a zone. Pure (spec: lifecycle §14)."""

import calendar
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from airut.models.base import Model

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


_PART = re.compile(r"(?P<first>[^-/]+)(?:-(?P<last>[^-/]+))?(?:/(?P<step>[^-/]+))?")


class _Field(Model):
    """What one field may hold."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    """Of the values from `least` on."""

    @property
    def allowed(self) -> str:
        named = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.least}-{self.most}{named}, lists (1,2), ranges (1-3), steps (*/2)"


MINUTE = _Field(name="minute", least=0, most=59)
HOUR = _Field(name="hour", least=0, most=23)
DAY = _Field(name="day of month", least=1, most=31)
MONTH = _Field(name="month", least=1, most=12, names=_MONTHS)
WEEKDAY = _Field(name="day of week", least=0, most=7, names=_DAYS)
FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)


class Cron(Model):
    """An expression as the values of each field, ascending. Sunday is 0."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either_day: bool
    """Both day fields are given, so a date matches that satisfies one of them."""
    fixed_hour: bool
    """The hours are those of a clock on the wall, and not every one or every n-th: such a time is meant once a day."""

    def matches(self, moment: datetime) -> bool:
        """Whether this wall-clock time is one of the expression's, to the second."""
        return (
            moment.second == 0
            and moment.microsecond == 0
            and moment.minute in self.minutes
            and moment.hour in self.hours
            and self.on(moment.date())
        )

    def on(self, day: date) -> bool:
        """Whether the expression has times on that date."""
        if day.month not in self.months:
            return False
        by_number, by_name = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (by_number or by_name) if self.either_day else (by_number and by_name)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The wall-clock times later than that one, without end, in order."""
        first = moment.date()
        for offset in range((date.max - first).days):
            day = first + timedelta(days=offset)
            if not self.on(day):
                continue
            for hour in self.hours:
                for minute in self.minutes:
                    found = datetime.combine(day, time(hour, minute))
                    if found > moment:
                        yield found


def parse_cron(text: str) -> Cron:
    """Read `minute hour day-of-month month day-of-week`, or one of `@hourly`, `@daily`, `@weekly`, `@monthly`,
    `@yearly`. Names count in any case; 7 is Sunday as 0 is.

    Raises:
        ValueError: names the field, what stands there and what may; or says that no date ever matches.
    """
    spelled = SHORTHANDS.get(text.strip().lower(), text).split()
    if text.strip().startswith("@") and text.strip().lower() not in SHORTHANDS:
        raise ValueError(f"{text.strip()!r} is not known; write one of {', '.join(SHORTHANDS)}, or five fields")
    if len(spelled) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        raise ValueError(f"{text!r} has {len(spelled)} fields; write five: {names}")
    minutes, hours, days, months, weekdays = map(_values, FIELDS, spelled)
    cron = Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=tuple(sorted({day % 7 for day in weekdays})),
        either_day=spelled[2] != "*" and spelled[4] != "*",
        fixed_hour=not all(part.startswith("*") for part in spelled[1].split(",")) and len(hours) < 24,
    )
    if not cron.either_day and not any(min(days) <= _longest(month) for month in months):
        raise ValueError(f"{text!r} never matches: no month given has a day {min(days)}")
    return cron


def _values(field: _Field, text: str) -> tuple[int, ...]:
    return tuple(sorted({value for part in text.split(",") for value in _part(field, part)}))


def _part(field: _Field, text: str) -> range:
    match = _PART.fullmatch(text)
    if match is None:
        raise _wrong(field, text or "nothing")
    step = 1
    if match["step"] is not None:
        if not match["step"].isdecimal() or int(match["step"]) == 0:
            raise _wrong(field, text, f"the step {match['step']!r} is not a number above 0")
        step = int(match["step"])
    if match["first"] == "*":
        if match["last"] is not None:
            raise _wrong(field, text)
        most = 6 if field is WEEKDAY else field.most  # 7 is Sunday once more
        return range(field.least, most + 1, step)
    first = _value(field, match["first"], text)
    if match["last"] is not None:
        last = _value(field, match["last"], text)
        if field is WEEKDAY and last == 0 and first > 0:
            last = 7  # fri-sun
    else:
        last = first if match["step"] is None else field.most
    if last < first:
        raise _wrong(field, text, "the range runs backwards; write it as two, with a comma")
    return range(first, last + 1, step)


def _value(field: _Field, word: str, text: str) -> int:
    if word.lower() in field.names:
        return field.names.index(word.lower()) + field.least
    if not (word.isascii() and word.isdecimal()) or not field.least <= int(word) <= field.most:
        raise _wrong(field, text)
    return int(word)


def _wrong(field: _Field, text: str, why: str = "") -> ValueError:
    return ValueError(f"{field.name}: {text!r}: {why or 'allowed are ' + field.allowed}")


def _longest(month: int) -> int:
    """Days of the month in a leap year."""
    return calendar.monthrange(2024, month)[1]

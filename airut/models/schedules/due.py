"""Which firings of a cron schedule count around a jump of the clocks (spec: lifecycle §14, DST). Pure.

The server's calendars are literal about the wall clock, and not even that near a jump: east of Greenwich it leaves out
the first pass of a doubled hour, it takes every jump for one of a whole hour, and it then also fires at times that no
calendar names (temporal 1.32, measured for the zones of `tests/temporal/test_calendars.py`). So around each jump we
say ourselves which moments are due, add them to the schedule, and leave out whatever else the server comes up with.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from airut.models.schedules.clock_shift import ClockShift
from airut.models.schedules.cron import Cron

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Due(StrEnum):
    """What a firing is worth."""

    DUE = "due"
    REPEAT = "repeat"
    """The second pass of a doubled hour, of a schedule with a fixed hour: the first one counted."""
    NOT_DUE = "not_due"
    """No time of the schedule."""


def doubtful(cron: Cron, shift: ClockShift) -> tuple[datetime, datetime]:
    """From when to when (excluded) the server is not relied upon: as far as its mistakes reach."""
    size = timedelta(seconds=abs(shift.after - shift.before))
    if not shift.is_gap:
        return shift.at - size, shift.at + size + _HOUR
    midnight = shift.from_wall.time() == datetime.min.time()
    if midnight and len(cron.weekdays) < 7:
        return shift.at, shift.at + _DAY  # it takes a day without midnight for the day before, west of Greenwich
    return shift.at, shift.at + size + _HOUR


def due_moments(cron: Cron, shift: ClockShift) -> Iterator[datetime]:
    """The moments (UTC) within the doubtful time at which the schedule is due, in order.

    A fixed hour is meant once a day: each time that the expression names is due at the first moment when the clock has
    come so far. So what a gap leaves out is due once, at its end, and nothing is due again in the second pass. All
    other schedules go by real time: they are due whenever the clock shows one of their times.
    """
    moment, end = doubtful(cron, shift)
    latest = shift.wall(moment - _MINUTE)
    while moment < end:
        wall = shift.wall(moment)
        if not cron.fixed_hour:
            if cron.matches(wall):
                yield moment
        elif wall > latest:
            passed = (latest + _MINUTE * number for number in range(1, (wall - latest) // _MINUTE + 1))
            if any(cron.matches(each) for each in passed):
                yield moment
            latest = wall
        moment += _MINUTE


def judge(cron: Cron, shifts: tuple[ClockShift, ...], moment: datetime) -> Due:
    """What a firing at this moment is worth. One that was started by hand, as its odd seconds tell, is always due."""
    if moment.second or moment.microsecond:
        return Due.DUE
    for shift in shifts:
        start, end = doubtful(cron, shift)
        if start <= moment < end and moment not in set(due_moments(cron, shift)):
            again = shift.shown_before(moment) and cron.matches(shift.wall(moment))
            return Due.REPEAT if again else Due.NOT_DUE
    return Due.DUE

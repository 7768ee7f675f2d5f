"""When a zone's wall clocks jump, and from where to where."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from airut.models.base import Model

_STEP = timedelta(hours=12)
"""No zone has ever changed its clocks twice within this time."""


class ClockShift(Model):
    """At `at` (UTC) the wall clock goes on with another offset. Offsets in seconds east of UTC."""

    at: datetime
    before: int
    after: int

    @property
    def is_gap(self) -> bool:
        """Clocks go forward: the wall-clock times between are missing."""
        return self.after > self.before

    @property
    def from_wall(self) -> datetime:
        """What the clock shows when it jumps, without a zone."""
        return _wall(self.at, self.before)

    @property
    def to_wall(self) -> datetime:
        """What the clock shows instead."""
        return _wall(self.at, self.after)

    def wall(self, moment: datetime) -> datetime:
        """What the clock shows at a moment near the jump, without a zone."""
        return _wall(moment, self.before if moment < self.at else self.after)

    def shown_before(self, moment: datetime) -> bool:
        """Whether what the clock shows at that moment was shown once already: the second pass of a doubled hour."""
        return self.at <= moment < self.at + timedelta(seconds=self.before - self.after)


def _wall(moment: datetime, offset: int) -> datetime:
    return (moment.astimezone(UTC) + timedelta(seconds=offset)).replace(tzinfo=None)


def clock_shifts(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[ClockShift, ...]:
    """Every jump of the zone's clocks between two moments, in order, exact to the second."""
    moments = [start.astimezone(UTC).replace(microsecond=0)]
    while moments[-1] < end:
        moments.append(moments[-1] + _STEP)
    found: list[ClockShift] = []
    for early, late in pairwise(moments):
        if (before := _offset(zone, early)) != (after := _offset(zone, late)):
            found.append(ClockShift(at=_instant(zone, early, late), before=before, after=after))
    return tuple(shift for shift in found if start < shift.at <= end)


def _instant(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The first moment that has the later offset."""
    before = _offset(zone, early)
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early).total_seconds() // 2)
        early, late = (middle, late) if _offset(zone, middle) == before else (early, middle)
    return late


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0

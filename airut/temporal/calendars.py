"""Our schedules in Temporal's terms: calendars and intervals. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from temporalio.client import (
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleRange,
    ScheduleSpec,
)

from airut.models.schedules.cron import Cron, parse_cron
from airut.models.schedules.due import due_moments
from airut.models.schedules.firing import ScheduledTask

_FORTY_YEARS = timedelta(days=14_610)
_EVERY_DAY = (ScheduleRange(1, 31),)
_EVERY_WEEKDAY = (ScheduleRange(0, 6),)


def schedule_spec(task: ScheduledTask) -> ScheduleSpec:
    """When the server shall fire: the calendars as they stand, and every moment that is due around a jump of the
    clocks, where the server is not to be relied upon. What it fires beyond that, the workflow leaves out."""
    settings = task.settings
    jitter = timedelta(seconds=settings.jitter) if settings.jitter else None
    if settings.every is not None:
        every = ScheduleIntervalSpec(every=timedelta(seconds=settings.every))
        return ScheduleSpec(intervals=[every], jitter=jitter)
    cron = parse_cron(settings.cron or "")
    due = [_once(moment) for shift in task.shifts for moment in due_moments(cron, shift)]
    return ScheduleSpec(calendars=cron_calendars(cron), intervals=due, jitter=jitter, time_zone_name=task.zone)


def cron_calendars(cron: Cron) -> list[ScheduleCalendarSpec]:
    """One calendar, or two where either day field may match; the server merges equal moments."""

    def of(days: Sequence[ScheduleRange], weekdays: Sequence[ScheduleRange]) -> ScheduleCalendarSpec:
        return ScheduleCalendarSpec(
            minute=_ranges(cron.minutes),
            hour=_ranges(cron.hours),
            day_of_month=days,
            month=_ranges(cron.months),
            day_of_week=weekdays,
        )

    days, weekdays = _ranges(cron.days), _ranges(cron.weekdays)
    if cron.either_day:
        return [of(days, _EVERY_WEEKDAY), of(_EVERY_DAY, weekdays)]
    return [of(days, weekdays)]


def _once(moment: datetime) -> ScheduleIntervalSpec:
    """Just that moment, whatever the zone. An interval's first time is one interval after its offset from 1970, and
    its second one another forty years later, when the workflow will not take it for due."""
    seconds = int(moment.timestamp())
    return ScheduleIntervalSpec(every=_FORTY_YEARS, offset=timedelta(seconds=seconds) % _FORTY_YEARS)


def _ranges(values: tuple[int, ...]) -> list[ScheduleRange]:
    """One range where the values are evenly spaced, as they mostly are; else one for each value."""
    steps = {late - early for early, late in pairwise(values)}
    if len(steps) == 1:
        return [ScheduleRange(min(values), max(values), steps.pop())]
    return [ScheduleRange(value) for value in values]

"""IANA time zones by name, and the days that they divide time into."""

import difflib
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

from airut.models.base import Model

_NO_PLACE = frozenset({"localtime", "posixrules", "Factory"})
"""Files of the zone database that name no zone; `localtime` would be the machine's, which differs between hosts."""


def parse_zone(name: str) -> str:
    """The name itself, when it is in the IANA database.

    Raises:
        ValueError: it is not; names the nearest ones.
    """
    known = available_timezones() - _NO_PLACE
    if name in known:
        return name
    folded = {each.lower(): each for each in sorted(known)}
    near = [folded[each] for each in difflib.get_close_matches(name.lower(), folded, n=3)]
    raise ValueError(f"{name!r} is no IANA time zone; write {' or '.join(near) or 'one such as Europe/Berlin or UTC'}")


ZoneName = Annotated[str, AfterValidator(parse_zone)]


class ZoneDay(Model):
    """A calendar day of one zone: workflows are handed it, since the zone database may change under a history."""

    day: date
    ends_at: datetime
    """When the next day begins, with the zone's offset of that moment."""
    zone: str


def zone_day(now: datetime, zone: str) -> ZoneDay:
    """The day of `zone` that `now` falls in.

    Where clocks are changed at midnight, a day begins with its first moment that exists (fold 0 of a missing midnight
    is the instant of the change); a midnight that comes twice ends a day both times.
    """
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    midnight = datetime.combine(today + timedelta(days=1), time.min, tzinfo=place)
    ends = (midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    ends_at = next(end for end in ends if end > now)
    offset = ends_at.astimezone(place).utcoffset() or timedelta()
    # With a fixed offset, as it comes back from JSON: moments that a zone has twice are equal to nothing in Python.
    return ZoneDay(day=today, ends_at=ends_at.astimezone(timezone(offset)), zone=zone)

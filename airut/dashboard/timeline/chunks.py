"""A part of a recording as a page shows it: the newest, what was before, or what has come since."""

import re
from collections.abc import Callable

from airut.dashboard.timeline.entries import Entry, Place, entries_of, paired
from airut.models.base import Model
from airut.ports.recordings import Line, Recording

WINDOW = 256 * 1024
"""Bytes of a stream that a page shows at once: some hundred steps of an agent."""
LINES_MOST = 300
"""Likewise, where the lines are short."""
LONGEST = 32 * 1024**2
"""How far back the beginning of a line is looked for: no line is longer (`airut.adapters.podman.output`)."""

type Redact = Callable[[bytes], bytes]


class Cursor(Model):
    """A byte of a sandbox's output at which a line begins."""

    sandbox: int
    offset: int

    def __str__(self) -> str:
        return f"{self.sandbox}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Of `2-1024`."""
        named = _CURSOR.fullmatch(text)
        return cls(sandbox=int(named[1]), offset=int(named[2])) if named else None


_CURSOR = re.compile(r"([0-9]{1,6})-([0-9]{1,12})")


class Chunk(Model):
    """`earlier`: what lies before ends there; None at the beginning. `behind`: what comes next begins there."""

    sandbox: int = 0
    entries: tuple[Entry, ...] = ()
    earlier: Cursor | None = None
    behind: Cursor


def newest(recording: Recording, redact: Redact) -> Chunk:
    """The end of what there is."""
    last = max(recording.sandboxes, default=1)
    return before(recording, Cursor(sandbox=last, offset=recording.size(last)), redact)


def before(recording: Recording, end: Cursor, redact: Redact) -> Chunk:
    """What lies before a place, or the end of the sandbox before where nothing does."""
    while True:
        lines = _lines_before(recording, end)
        if lines or end.sandbox not in recording.sandboxes:
            break
        older = max((number for number in recording.sandboxes if number < end.sandbox), default=None)
        if older is None:
            break
        end = Cursor(sandbox=older, offset=recording.size(older))
    if not lines:
        return Chunk(sandbox=end.sandbox, behind=end)
    first = Cursor(sandbox=end.sandbox, offset=lines[0].offset)
    is_first = first.offset == 0 and end.sandbox == min(recording.sandboxes)
    behind = Cursor(sandbox=end.sandbox, offset=lines[-1].offset + len(lines[-1].raw) + 1)
    entries = paired(_entries(lines, end.sandbox, redact))
    return Chunk(sandbox=end.sandbox, entries=entries, earlier=None if is_first else first, behind=behind)


def after(recording: Recording, start: Cursor, redact: Redact) -> Chunk:
    """What has come since: at most a window of it, of one sandbox."""
    lines = recording.lines(start.sandbox, start.offset, start.offset + WINDOW)[:LINES_MOST]
    if not lines:
        newer = min((number for number in recording.sandboxes if number > start.sandbox), default=None)
        if newer is None:
            return Chunk(sandbox=start.sandbox, behind=start)
        return after(recording, Cursor(sandbox=newer, offset=0), redact)
    behind = Cursor(sandbox=start.sandbox, offset=lines[-1].offset + len(lines[-1].raw) + 1)
    return Chunk(sandbox=start.sandbox, entries=paired(_entries(lines, start.sandbox, redact)), behind=behind)


def whole(recording: Recording, place: Place, redact: Redact) -> Entry | None:
    """One entry, uncut; None where there is none."""
    lines = recording.lines(place.attempt, place.offset, place.offset + 1)
    if not lines or lines[0].offset != place.offset:
        return None
    where = Place(attempt=place.attempt, offset=place.offset)
    found = entries_of(redact(lines[0].raw), where, all_of_it=True)
    return found[place.block] if place.block < len(found) else None


def _lines_before(recording: Recording, end: Cursor) -> tuple[Line, ...]:
    window = WINDOW
    while end.offset:
        start = max(0, end.offset - window)
        lines = recording.lines(end.sandbox, start, end.offset)
        if lines or not start or window >= LONGEST:
            return lines[-LINES_MOST:]
        window *= 4  # one line is longer
    return ()


def _entries(lines: tuple[Line, ...], sandbox: int, redact: Redact) -> tuple[Entry, ...]:
    return tuple(
        entry for line in lines for entry in entries_of(redact(line.raw), Place(attempt=sandbox, offset=line.offset))
    )

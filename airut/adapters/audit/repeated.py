"""Whether a log says already what is about to be said again, as by a worker that takes over another's sandbox."""

import json
from pathlib import Path

from airut.adapters.audit.chain import read
from airut.adapters.audit.segments import segments
from airut.models.telemetry.audit import AuditEntry

LOOKED_AT = 2
"""Files, the newest ones: 400,000 entries, which is far more than a host writes while one of its sandboxes lives."""


def find(path: Path, wanted: AuditEntry) -> AuditEntry | None:
    """One by the same actor, of the same action, object and details, whatever its time and configuration."""
    named = json.dumps(wanted.object, ensure_ascii=False).encode()
    for file in reversed(segments(path)[-LOOKED_AT:]):
        with file.open("rb") as lines:
            for line in lines:
                entry = _entry(line) if named in line else None
                if entry is not None and _what(entry) == _what(wanted):
                    return entry
    return None


def _entry(line: bytes) -> AuditEntry | None:
    try:
        return read(line)
    except ValueError:  # half a line, which nobody was told of
        return None


def _what(entry: AuditEntry) -> tuple[object, ...]:
    return entry.actor, entry.action, entry.object, entry.detail

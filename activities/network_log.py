"""The access log, folded to what a person wants to know: refused requests, refused credentials (network §8)."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

LINES_MOST = 10


def blocked_requests(log: bytes) -> tuple[str, ...]:
    """`METHOD host (count)` for each kind of refused request, most frequent first, at most ten."""
    counts = Counter(
        f"{entry.get('method')} {entry.get('host')}" for entry in _requests(log) if entry.get("decision") == "blocked"
    )
    return tuple(f"{request} ({count})" for request, count in counts.most_common(LINES_MOST))


def rejected_credentials(log: bytes) -> tuple[str, ...]:
    """`NAME at host (status)` for each credential that a host refused (401, 403), the last status, at most ten."""
    found = {
        f"{name} at {entry.get('host')}": entry.get("status")
        for entry in _requests(log)
        if isinstance(names := entry.get("rejected"), list)
        for name in names
    }
    return tuple(f"{where} ({status})" for where, status in list(found.items())[:LINES_MOST])


def _requests(log: bytes) -> Iterator[dict[str, Any]]:
    """A line that does not parse is passed over: the log may be cut where a disk filled up."""
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("kind") == "http":
            yield entry

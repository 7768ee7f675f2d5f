"""The access log: kept, and folded to what a person wants to know (network §8, §9)."""

import gzip
from collections import Counter
from pathlib import Path

from activities.outbox import read_or_nothing
from airut.models.hosts.folders import ACCESS_LOG_FILES
from airut.models.telemetry.request_spans import requests

LINES_MOST = 10


def read_access_log(folder: Path) -> bytes:
    """All that the proxy wrote and did not throw away, oldest first; empty where it wrote nothing."""
    return b"".join(read_or_nothing(folder / name) for name in ACCESS_LOG_FILES)


def packed(log: bytes) -> bytes:
    """As it is kept. Without the time, so that packing it twice gives the same blob."""
    return gzip.compress(log, mtime=0)


def blocked_requests(log: bytes) -> tuple[str, ...]:
    """`METHOD host (count)` for each kind of refused request, most frequent first, at most ten."""
    counts = Counter(
        f"{entry.get('method')} {entry.get('host')}" for entry in requests(log) if entry.get("decision") == "blocked"
    )
    return tuple(f"{request} ({count})" for request, count in counts.most_common(LINES_MOST))


def rejected_credentials(log: bytes) -> tuple[str, ...]:
    """`NAME at host (status)` for each credential that a host refused (401, 403), the last status, at most ten."""
    found = {
        f"{name} at {entry.get('host')}": entry.get("status")
        for entry in requests(log)
        if isinstance(names := entry.get("rejected"), list)
        for name in names
    }
    return tuple(f"{where} ({status})" for where, status in list(found.items())[:LINES_MOST])

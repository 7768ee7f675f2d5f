"""The access log, folded to what a person wants to know about refused requests (network §8)."""

import json
from collections import Counter

LINES_MOST = 10


def blocked_requests(log: bytes) -> tuple[str, ...]:
    """`METHOD host (count)` for each kind of refused request, most frequent first, at most ten.

    A line that does not parse is passed over: the log may be cut where a disk filled up.
    """
    counts: Counter[str] = Counter()
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("kind") == "http" and entry.get("decision") == "blocked":
            counts[f"{entry.get('method')} {entry.get('host')}"] += 1
    return tuple(f"{request} ({count})" for request, count in counts.most_common(LINES_MOST))

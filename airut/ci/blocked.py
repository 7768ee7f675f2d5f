"""What the fence refused during a run, read from the proxy's log."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from airut.adapters.podman.blocked import entries_of, rule_for
from airut.ci.result import BlockedRequest

NAME = "network.jsonl"
OLDER = (f"{NAME}.2", f"{NAME}.1", NAME)
"""The parts of a log that grew, oldest first."""
KINDS_MOST = 200  # of blocked requests that a result names; whoever makes up hosts must not fill the report with them
TEXT = 500  # characters of one URL


def parts(folder: Path) -> list[Path]:
    """The files of the access log in a sandbox's log folder, oldest first."""
    return [path for name in OLDER if (path := folder / name).is_file()]


def blocked(folder: Path) -> tuple[BlockedRequest, ...]:
    """Each kind of request that was refused, in the order in which it was first seen."""
    return counted(entry for path in parts(folder) for entry in _entries(path))


def counted(entries: Iterable[dict[str, Any]]) -> tuple[BlockedRequest, ...]:
    found: dict[tuple[str, str, str], BlockedRequest] = {}
    for entry in entries:
        if entry.get("decision") != "blocked" or not entry.get("host"):
            continue
        one = _read(entry)
        key = (one.method, one.url, one.reason)
        if key in found:
            found[key] = found[key].model_copy(update={"count": found[key].count + 1})
        elif len(found) < KINDS_MOST:
            found[key] = one
    return tuple(found.values())


def _read(entry: dict[str, Any]) -> BlockedRequest:
    port = entry.get("port")
    where = f"{entry['host']}" + (f":{port}" if port not in (80, 443, None) else "")
    url = f"{entry.get('scheme')}://{where}{entry.get('path') or '/'}"[:TEXT]
    return BlockedRequest(
        method=str(entry.get("method")), url=url, reason=str(entry.get("reason")), count=1, rule=rule_for(entry)
    )


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        yield from entries_of(file)

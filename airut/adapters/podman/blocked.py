"""What the proxy of a build refused, for the answer that says that the build failed."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from airut.models.hosts.build import ALLOWLIST_KEY

MOST = 10  # requests that an answer names
READ_MOST = 4 * 1024**2  # bytes of the log that are looked at: 8,000 requests
TEXT = 200  # characters of a path
BY_THE_LIST = frozenset(f"{what}_not_allowed" for what in ("host", "path", "method", "query", "scheme", "port"))
"""Reasons that an entry of the allowlist would remove."""


def blocked_requests(log: Path) -> str:
    """Each refused request once, with the entry that would allow it; empty when nothing was refused."""
    try:
        with log.open("rb") as file:
            lines = file.read(READ_MOST).splitlines()
    except OSError:
        return ""
    return told(entries_of(lines))


def told(entries: Iterable[dict[str, Any]]) -> str:
    """The same for log entries that were read."""
    counted: Counter[str] = Counter()
    for entry in entries:
        if entry.get("decision") == "blocked" and entry.get("host"):
            counted[_line(entry)] += 1
    if not counted:
        return ""
    shown = [f"- {line}" + (f" ({count} times)" if count > 1 else "") for line, count in list(counted.items())[:MOST]]
    more = len(counted) - MOST
    shown += [f"- and {more} more"] if more > 0 else []
    return "\n".join(["The fence of the build refused:", *shown])


def _line(entry: dict[str, Any]) -> str:
    path, reason = str(entry.get("path") or "/")[:TEXT], str(entry.get("reason"))
    shown = f"{entry.get('method')} {entry.get('scheme')}://{entry['host']}{path}: {reason}"
    line = json.dumps(shown, ensure_ascii=False)[1:-1]  # nothing that a step sends can break out of its line
    rule = rule_for(entry)
    return f"{line}; to allow it, add to url_prefixes of {ALLOWLIST_KEY} in airut.yaml: {rule}" if rule else line


def rule_for(entry: Mapping[str, Any]) -> str | None:
    """The entry of an allowlist that would let through what the log says was refused, in one line of YAML; None where
    it was not refused for want of one."""
    if str(entry.get("reason")) not in BY_THE_LIST:
        return None
    path = str(entry.get("path") or "/")[:TEXT]
    rule: dict[str, object] = {"host": entry["host"], "path": path, "methods": [entry.get("method")]}
    if entry.get("scheme") == "http":
        rule["schemes"] = ["http"]
    if entry.get("port") not in (80, 443, None):
        rule["ports"] = [entry["port"]]
    # A JSON object is a YAML mapping (YAML 1.2 §1.3).
    return json.dumps(rule)


def entries_of(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The entries of an access log; a line that is none is passed over."""
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry

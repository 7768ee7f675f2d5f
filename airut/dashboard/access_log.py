"""What a sandbox asked the network for, as rows: each refused request with the rule that would allow it.

Hosts, paths and names in the log are the sandbox's.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from airut.models.base import Model
from airut.models.values.visible import clean
from proxy import block

SHOWN = 300
"""Characters of a value that a row shows."""

type Line = dict[str, Any]


class Asked(Model):
    """One line of the log, or several equal ones."""

    at: datetime | None
    kind: str
    """`http`, `dns`, or another word of the fence's."""
    verdict: Literal["allowed", "blocked", ""]
    what: str
    status: str = ""
    reason: str = ""
    meaning: str = ""
    """What the reason means and what to do, in the fence's words."""
    rule: str = ""
    """The entry that allowed it."""
    credentials: tuple[str, ...] = ()
    """Names of those that were swapped in."""
    rejected: tuple[str, ...] = ()
    """Of those the ones that the host did not take."""
    bytes_in: int = 0
    bytes_out: int = 0
    ms: int = 0
    would_allow: str = ""
    """YAML of an entry that would allow it, where an entry is what it lacks."""
    times: int = 1


def asked(raw: bytes) -> Asked | None:
    """One line of the log; None for what is none."""
    line = _parsed(raw)
    if line is None:
        return None
    kind = _text(line, "kind")
    decision = line.get("decision")
    verdict: Literal["allowed", "blocked", ""] = (
        "blocked" if decision == "blocked" else "allowed" if decision == "allowed" else ""
    )
    if kind == "http":
        default = {"https": 443, "http": 80}.get(_text(line, "scheme"))
        port = "" if _number(line, "port") in (default, 0) else f":{_number(line, 'port')}"
        where = f"{_text(line, 'scheme')}://{_text(line, 'host')}{port}{_text(line, 'path')}"
        what = f"{_text(line, 'method')} {where}"
    else:
        what = _text(line, "name") or _text(line, "host")
    reason = _reason(line)
    return Asked(
        at=_time(line),
        kind=kind or "other",
        verdict=verdict,
        what=what.strip(),
        status=_text(line, "status") or _text(line, "rcode"),
        reason=_text(line, "reason"),
        meaning=block.message(reason) if reason else "",
        rule=_text(line, "rule"),
        credentials=_texts(line, "credentials"),
        rejected=_texts(line, "rejected"),
        bytes_in=_number(line, "bytes_in"),
        bytes_out=_number(line, "bytes_out"),
        ms=_number(line, "ms"),
        would_allow=_would_allow(line, reason) if verdict == "blocked" and reason else "",
    )


def refused(rows: Iterable[Asked]) -> tuple[Asked, ...]:
    """What was blocked, the same request once, the most frequent first."""
    counted: dict[tuple[str, str], Asked] = {}
    for row in rows:
        if row.verdict == "blocked":
            key = (row.what, row.reason)
            known = counted.get(key)
            counted[key] = known.model_copy(update={"times": known.times + 1, "at": row.at}) if known else row
    return tuple(sorted(counted.values(), key=lambda row: -row.times))


def _would_allow(line: Line, reason: block.Reason) -> str:
    """As the fence itself tells the agent."""
    port = _number(line, "port") or (80 if line.get("scheme") == "http" else 443)
    method, scheme, host, path = (_raw(line, name) for name in ("method", "scheme", "host", "path"))
    request = block.Request("", method, scheme, host, port, path)
    return clean(block.suggest(request, block.Refused(reason)) or "")


def _reason(line: Line) -> block.Reason | None:
    try:
        return block.Reason(_raw(line, "reason"))
    except ValueError:
        return None


def _parsed(raw: bytes) -> Line | None:
    try:
        line = json.loads(raw.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def _raw(line: Line, field: str) -> str:
    value = line.get(field)
    return value if isinstance(value, str) else ""


def _text(line: Line, field: str) -> str:
    value = line.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = clean(str(value)[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _texts(line: Line, field: str) -> tuple[str, ...]:
    value = line.get(field)
    return tuple(clean(str(each)[:SHOWN]) for each in value[:20]) if isinstance(value, list) else ()


def _number(line: Line, field: str) -> int:
    value = line.get(field)
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15
    return int(value) if usable and value is not None else 0


def _time(line: Line) -> datetime | None:
    try:
        found = datetime.fromisoformat(_text(line, "time"))
    except ValueError:
        return None
    return found if found.tzinfo else None

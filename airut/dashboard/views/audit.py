"""The audit trail of this host: who did what to what, and whether the record is whole."""

import asyncio

from starlette.responses import Response

from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.models.base import Model
from airut.models.login import Role
from airut.models.telemetry.audit import AuditAction, AuditEntry

ROWS = 100
LOOKED_AT = 50_000
"""Entries that one search looks through, in about a second; the next page goes on from there."""


class Found(Model):
    entries: tuple[AuditEntry, ...] = ()
    """Newest first."""
    older: int | None = None
    """The number before which a next page begins; None at the end."""


async def audit(visit: Visit) -> Response:
    asked = {name: visit.query.get(name, "").strip() for name in ("action", "object", "actor")}
    before = visit.query.get("before", "")
    if before and not (before.isdecimal() and len(before) < 16):
        raise Problem(422, "`before` is the number of an entry.")
    found, away = Found(), ""
    try:
        found = await asyncio.to_thread(_found, visit, asked, int(before) if before else None)
        verdict = await asyncio.to_thread(visit.ports.verdict) if visit.query.get("verify") else None
    except OSError as error:
        away, verdict = f"The audit log cannot be read: {error.strerror or error}", None
    return visit.page(
        "audit.html", found=found, asked=asked, away=away, verdict=verdict, before=before,
        kinds=tuple(dict.fromkeys(part for action in AuditAction for part in (action.partition(".")[0], str(action)))),
    )  # fmt: skip


def _found(visit: Visit, asked: dict[str, str], before: int | None) -> Found:
    entries: list[AuditEntry] = []
    for number, entry in enumerate(visit.ports.entries(before)):
        if len(entries) == ROWS or number == LOOKED_AT:
            return Found(entries=tuple(entries), older=entry.seq + 1)
        if wanted(entry, **asked):
            entries.append(entry)
    return Found(entries=tuple(entries))


def wanted(entry: AuditEntry, action: str = "", object: str = "", actor: str = "") -> bool:  # noqa: A002 (its field's name)
    """`action` may be the beginning of one, such as `task`; `object` the beginning of a thread's id."""
    right = not action or entry.action == action or entry.action.startswith(f"{action}.")
    return right and entry.object.startswith(object) and actor in {"", entry.actor}


PAGES = (Page("/audit", audit, Role.OPERATOR, nav="Audit"),)

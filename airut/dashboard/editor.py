"""What the configuration's pages do with the files: read, compare, check, save. No page's text is in here."""

import asyncio
import difflib
from collections.abc import Mapping

from airut.config.editing.configuration import Fault, Invalid
from airut.config.editing.document import digest
from airut.config.editing.hidden import hidden
from airut.dashboard.pages import Visit
from airut.dashboard.timeline.diff import Diff, DiffLine
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.models.values.visible import clean
from airut.ports.audit import note

CONTEXT = 3
"""Lines around a change, as most tools show."""


async def read(visit: Visit) -> str:
    """Raises: ConfigError"""
    return await asyncio.to_thread(visit.ports.files.read)


async def faults_of(visit: Visit, written: str, secrets: Mapping[str, str] | None = None) -> tuple[Fault, ...]:
    """What is wrong with a text as the whole configuration; nothing where it would be read."""
    try:
        await asyncio.to_thread(visit.ports.files.check, written, secrets)
    except Invalid as error:
        return error.faults
    return ()


async def save(
    visit: Visit, seen: str, written: str, secrets: Mapping[str, str] | None = None, changed: tuple[str, ...] = ()
) -> None:
    """
    Raises:
        Changed, Invalid, ConfigError: nothing was saved.
    """
    await asyncio.to_thread(visit.ports.files.save, seen, written, secrets)
    detail = {"changed": changed, "digest": digest(written.encode())[:16], "secrets": tuple(secrets or ())}
    await note(
        visit.ports.trail,
        AuditEvent(
            actor=visit.login.actor, action=AuditAction.CONFIG_SAVED, object=str(visit.ports.files.path), detail=detail
        ),
    )


def difference(before: str, after: str) -> Diff:
    """Lines that differ, with some around them; secrets that stand in the file are not shown."""
    old, new = (hidden(text).unnumbered.splitlines() for text in (before, after))
    lines = list(difflib.unified_diff(old, new, n=CONTEXT, lineterm=""))[2:]
    return Diff(
        shown=tuple(
            DiffLine(sign="+" if line[0] == "+" else "-" if line[0] == "-" else " ", text=clean(line[1:]))
            if not line.startswith("@@")
            else DiffLine(sign=" ", text="⋯")
            for line in lines
        )
    )

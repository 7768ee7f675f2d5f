"""The log as people look at it: the newest first."""

import os
from collections.abc import Iterator
from pathlib import Path

from airut.adapters.audit.chain import read
from airut.adapters.audit.segments import segments
from airut.adapters.audit.verification import Verdict
from airut.models.telemetry.audit import AuditEntry, AuditVerdict
from airut.models.values.visible import clean

BLOCK = 64 * 1024


def told(verdict: Verdict, path: Path) -> AuditVerdict:
    """In words, for people."""
    if (broken := verdict.broken) is not None:
        words = f"entry {broken.seq} {broken.why} ({broken.file}, line {broken.line})"
        return AuditVerdict(whole=False, words=clean(words))
    if not verdict.last:
        return AuditVerdict(whole=True, words=f"ok: {path} has no entries yet")
    words = f"ok: entries {verdict.first} to {verdict.last}, head {verdict.last}:{verdict.hash}"
    return AuditVerdict(whole=True, words=words)


def newest(path: Path, before: int | None = None) -> Iterator[AuditEntry]:
    """Entries from the last one backwards, or from the one before the number `before`, read as they are taken. Lines
    that are no entries are left out; `verified` tells of them."""
    for file in reversed(segments(path)):
        for text in _lines_backwards(file):
            try:
                entry = read(text)
            except ValueError:
                continue
            if before is None or entry.seq < before:
                yield entry


def _lines_backwards(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        position, rest = opened.seek(0, os.SEEK_END), b""
        while position:
            start = max(0, position - BLOCK)
            opened.seek(start)
            lines = (opened.read(position - start) + rest).split(b"\n")
            position, rest = start, lines[0]
            yield from (text for text in reversed(lines[1:]) if text)
        if rest:
            yield rest

"""Every kind of tampering is found, at the first entry that is not as it was."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from airut.adapters.audit import AuditLog, verified
from airut.adapters.audit.chain import Head, canonical, seal
from airut.adapters.audit.segments import head_file
from airut.adapters.audit.verification import Broken
from airut.models.telemetry.audit import AuditAction, AuditEvent

Lines = list[bytes]


def _changed(lines: Lines) -> Lines:
    return [*lines[:2], lines[2].replace(b"web/2", b"web/9"), *lines[3:]]


def _sealed_anew(lines: Lines) -> Lines:
    """By somebody who knows how entries are hashed, and changes all that follow."""
    forged, prev = lines[:2], json.loads(lines[1])["hash"]
    for text in lines[2:]:
        fields = {**json.loads(text), "actor": "mallory", "prev": prev}
        fields.pop("hash")
        prev = seal(prev, fields)
        forged.append(canonical({**fields, "hash": prev}) + b"\n")
    return forged


def _spaced(lines: Lines) -> Lines:
    return [lines[0], json.dumps(json.loads(lines[1])).encode() + b"\n", *lines[2:]]


@pytest.mark.parametrize(
    ("harm", "broken"),
    [
        (_changed, Broken(seq=3, file="audit.jsonl", line=3, why="was changed: its hash is another one")),
        (lambda lines: [*lines[:2], *lines[3:]],
         Broken(seq=3, file="audit.jsonl", line=3, why="has number 4 where 3 follows")),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
         Broken(seq=2, file="audit.jsonl", line=2, why="has number 3 where 2 follows")),
        (lambda lines: lines[:3],
         Broken(seq=4, file="audit.jsonl", line=4, why="is missing: the log was recorded up to number 5")),
        (lambda lines: [*lines[:3], lines[3][:40]],
         Broken(seq=4, file="audit.jsonl", line=4, why="is missing: the log was recorded up to number 5")),
        (lambda lines: [],
         Broken(seq=1, file="audit.jsonl", line=1, why="is missing: the log was recorded up to number 5")),
        (_sealed_anew, Broken(seq=5, file="audit.jsonl", line=5,
         why="is not the one that was recorded: its hash was another one")),
        (_spaced, Broken(seq=2, file="audit.jsonl", line=2, why="is not written as entries are")),
        (lambda lines: [*lines[:2], b"hello\n", *lines[2:]],
         Broken(seq=3, file="audit.jsonl", line=3, why="is not JSON")),
        (lambda lines: [*lines[:2], b"[]\n", *lines[2:]],
         Broken(seq=3, file="audit.jsonl", line=3, why="is not an entry")),
        (lambda lines: lines, None),
    ],
)  # fmt: skip
def test_tampering_is_found(tmp_path: Path, harm: Callable[[Lines], Lines], broken: Broken | None) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path)
    for number in range(5):
        log.append(AuditEvent(actor="ann", action=AuditAction.LOGIN, object=f"web/{number}"))
    path.write_bytes(b"".join(harm(path.read_bytes().splitlines(keepends=True))))
    assert verified(path).broken == broken


def test_a_hash_kept_elsewhere_finds_what_a_forged_head_hides(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path)
    for number in range(3):
        log.append(AuditEvent(actor="ann", action=AuditAction.LOGIN, object=f"web/{number}"))
    kept = log.head()
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    head_file(path).unlink()
    assert verified(path).broken is None
    found = verified(path, Head(seq=kept.seq, hash=kept.hash)).broken
    assert found == Broken(seq=2, file="audit.jsonl", line=2, why="is missing: the log was recorded up to number 3")

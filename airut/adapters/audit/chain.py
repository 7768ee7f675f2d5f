"""How entries are chained: canonical JSON, and a hash over it and the hash before (spec: operations §5)."""

import hashlib
import json
from datetime import datetime
from typing import Any

from airut.models.base import Model
from airut.models.credentials.redaction import Redactor
from airut.models.telemetry.audit import AuditEntry, AuditEvent, Detail

GENESIS = "0" * 64
"""What stands before the first entry."""

TEXT_MOST = 500
"""Characters of one text in an entry: an entry says who and what, and a line stays short enough to be read whole."""

ITEMS_MOST = 50
"""Of one list."""


class Head(Model):
    """Where the log ends: the last entry's number and hash, and the size in bytes of the file that it is in."""

    seq: int = 0
    hash: str = GENESIS
    size: int = 0


def canonical(fields: dict[str, Any]) -> bytes:
    """The one JSON text of these fields: sorted keys, no blanks, UTF-8."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def seal(prev: str, fields: dict[str, Any]) -> str:
    """The hash of an entry with these fields after the one with the hash `prev`."""
    return hashlib.sha256(prev.encode() + canonical(fields)).hexdigest()


def entry_after(head: Head, event: AuditEvent, at: datetime, config_digest: str, redactor: Redactor) -> AuditEntry:
    """The event as the entry that follows."""
    unsealed = AuditEntry(
        seq=head.seq + 1,
        time=at,
        actor=_text(event.actor, redactor),
        action=str(event.action),
        object=_text(event.object, redactor),
        detail={name: _plain(value, redactor) for name, value in event.detail.items()},
        config_digest=config_digest,
        prev=head.hash,
        hash="",
    )
    return unsealed.model_copy(update={"hash": seal(head.hash, _fields(unsealed))})


def line(entry: AuditEntry) -> bytes:
    """An entry as it stands in the file."""
    return canonical({**_fields(entry), "hash": entry.hash}) + b"\n"


def fault(text: bytes, before: Head) -> str:
    """What is wrong with a line of the file, as the one that follows; the empty string where nothing is."""
    try:
        fields = json.loads(text)
    except ValueError:
        return "is not JSON"
    if not isinstance(fields, dict) or not {"seq", "prev", "hash"} <= fields.keys():
        return "is not an entry"
    if canonical(fields) != text.rstrip(b"\n"):
        return "is not written as entries are"
    hashed = fields.pop("hash")
    if fields["seq"] != before.seq + 1:
        return f"has number {fields['seq']} where {before.seq + 1} follows"
    if fields["prev"] != before.hash:
        return "does not follow the entry before it"
    if hashed != seal(before.hash, fields):
        return "was changed: its hash is another one"
    return ""


def read(text: bytes) -> AuditEntry:
    """Raises: ValueError: it is none."""
    return AuditEntry.model_validate_json(text)


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude={"hash"})


def _plain(value: Detail, redactor: Redactor) -> Detail:
    if isinstance(value, str):
        return _text(value, redactor)
    if isinstance(value, tuple):
        return tuple(_text(item, redactor)[:100] for item in value[:ITEMS_MOST])
    return value


def _text(value: str, redactor: Redactor) -> str:
    """Without secrets, lone surrogates (which UTF-8 does not have), and what is too long."""
    return redactor.text(value).encode(errors="replace").decode()[:TEXT_MOST]

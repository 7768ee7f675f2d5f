"""What a delivery status notification says of a mail of ours (RFC 3464, RFC 6533; spec: email §3). Pure."""

from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, message_from_string
from email.message import Message

from airut.models.mail.bounce import Bounce
from airut.models.mail.message_id import OurMessageId, parse_message_id, workflow_id
from signals.mail.header import HeaderBlock
from signals.routing import message_ids

_STATUS = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED = {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}
_SHOWN = 300
"""Characters of what a foreign server says."""


def read_bounce(raw: bytes, header: HeaderBlock, repo: str, domain: str, at: datetime) -> Bounce | None:
    """None for another mail than a report of a failed delivery of a mail of ours; `domain` is that of our address."""
    parts = list(_parts(message_from_bytes(raw)))
    blocks = (block for part in parts if _type(part) in _STATUS for block in _blocks(part))
    if (failed := next(filter(_failed, blocks), None)) is None:
        return None
    returned = [value for part in parts if _type(part) in _RETURNED for value in _returned_ids(part)]
    values = (*returned, *header.all("in-reply-to"), *header.all("references"))
    named = (one for value in values for one in message_ids(value))
    found = next(((text, ours) for text in named if (ours := _ours(text, domain))), None)
    if found is None:
        return None
    text, ours = found
    return Bounce(
        thread=workflow_id(repo, ours.token),
        task=ours.task,
        kind=ours.kind,
        message_id=text,
        recipient=_untyped(failed.get("Final-Recipient") or failed.get("Original-Recipient")),
        diagnostic=_untyped(failed.get("Diagnostic-Code")) or _line(failed.get("Status")) or "no reason is given",
        at=at,
    )


def _parts(message: Message) -> Iterator[Message]:
    """The parts of the report itself, not those of the mail that it returns."""
    payload = message.get_payload()
    if _type(message).startswith("multipart/") and isinstance(payload, list):
        for part in payload:
            if isinstance(part, Message):
                yield from _parts(part)
    else:
        yield message


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields in a status: one for the mail, one for each recipient (RFC 3464 §2.1). The standard library
    knows that of `message/delivery-status` alone, and takes what follows the first group elsewhere for a body."""
    payload = part.get_payload()
    for block in payload if isinstance(payload, list) else [message_from_bytes(_content(part))]:
        if isinstance(block, Message):
            yield block
            rest = block.get_payload()
            if isinstance(rest, str):
                yield from map(message_from_string, rest.replace("\r\n", "\n").strip().split("\n\n"))


def _returned_ids(part: Message) -> list[str]:
    payload = part.get_payload()
    first = payload[0] if isinstance(payload, list) and payload else None
    returned = first if isinstance(first, Message) else message_from_bytes(_content(part).lstrip())
    return [str(value) for value in returned.get_all("Message-ID", [])]


def _failed(block: Message) -> bool:
    """`delayed` is tried on, and the rest has arrived somewhere (RFC 3464 §2.3.3)."""
    return _line(block.get("Action")).lower() == "failed"


def _ours(text: str, domain: str) -> OurMessageId | None:
    ours = parse_message_id(text)
    return ours if ours is not None and ours.domain == domain.lower() else None


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _type(part: Message) -> str:
    return part.get_content_type().lower()


def _untyped(value: object) -> str:
    """Without `smtp;` or `rfc822;` (RFC 3464 §2.1.2)."""
    line = _line(value)
    kind, found, rest = line.partition(";")
    return rest.strip() if found and kind.strip().replace("-", "").isalnum() else line


def _line(value: object) -> str:
    text = "" if value is None else str(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]

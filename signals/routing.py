"""Which thread a mail belongs to: pure, from the mail alone, so that there is no mapping to lose (spec: email §5)."""

import hashlib
import re

from airut.models.base import Model
from airut.models.message_id import derive_token, parse_message_id

# RFC 5322 §3.6.4 with RFC 6532's UTF-8, wider than either on purpose; without controls and surrogates all the same.
_ID_PART = r"[^\s<>@\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,500}"
_MESSAGE_ID = re.compile(f"<{_ID_PART}@{_ID_PART}>")
_SUB_ADDRESS = re.compile(r"\+t-([a-z2-7]{16})@", re.IGNORECASE)
_SUBJECT_TAG = re.compile(r"\[airut ([a-z2-7]{16})\]", re.IGNORECASE)
_REFERENCE_LINE = re.compile(r"^[>\s]*airut ([a-z2-7]{16})\s*$", re.IGNORECASE | re.MULTILINE)


class MailReferences(Model):
    """What a mail says about the conversation that it belongs to."""

    message_id: str | None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Oldest first, as RFC 5322 §3.6.4 has them."""
    recipients: tuple[str, ...] = ()
    """Every address it was sent to, delivery fields included."""
    subject: str = ""
    quoted: str = ""
    """The part of the text that is not the author's own."""


def message_ids(value: str) -> tuple[str, ...]:
    """The well-formed ids of a field, with angle brackets, in order; anything between them is skipped."""
    return tuple(_MESSAGE_ID.findall(value))


def thread_token(repo: str, mail: MailReferences, fallback: str) -> str:
    """The thread's 16 characters: from the mail that it answers, its address, subject or quote, else its own root.

    `fallback` stands for the root of a mail that has no Message-ID at all: its key.
    """
    return _answered(mail) or _named(mail) or derive_token(repo, root_message_id(mail) or fallback)


def goes_on(mail: MailReferences) -> bool:
    """Whether the mail says that it belongs to an earlier one, of ours or of anybody's."""
    return bool(mail.in_reply_to or mail.references or _named(mail))


def root_message_id(mail: MailReferences) -> str | None:
    """The conversation's first mail: the oldest reference, else what it answers, else itself."""
    return next(iter((*mail.references, *mail.in_reply_to)), mail.message_id)


def message_key(message_id: str | None, sender: str, parts: tuple[str, ...], body: bytes) -> str:
    """What makes two deliveries one message: Message-ID and verified sender; without an id that can be relied on,
    the sender, `parts` (From, Date, Subject) and the body's bytes."""
    if message_id is not None:
        material: tuple[str, ...] = ("id", message_id, sender)
    else:
        material = ("content", sender, *parts, hashlib.sha256(body).hexdigest())
    return hashlib.sha256("\0".join(material).encode()).hexdigest()


def _answered(mail: MailReferences) -> str | None:
    for candidate in (*mail.in_reply_to, *reversed(mail.references)):
        if parsed := parse_message_id(candidate):
            return parsed.token
    return None


def _named(mail: MailReferences) -> str | None:
    for recipient in mail.recipients:
        if match := _SUB_ADDRESS.search(recipient):
            return match[1].lower()
    for pattern, text in ((_SUBJECT_TAG, mail.subject), (_REFERENCE_LINE, mail.quoted)):
        if match := pattern.search(text):
            return match[1].lower()
    return None

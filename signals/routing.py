"""Which thread a mail belongs to: pure, from the mail alone, so that there is no mapping to lose (spec: email §5)."""

import hashlib
import re
from collections.abc import Iterator

from airut.models.base import Model
from airut.models.mail.message_id import derive_token, parse_message_id

# RFC 5322 §3.6.4 with RFC 6532's UTF-8, wider than either on purpose; without controls and surrogates all the same.
_ID_PART = r"[^\s<>@\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,500}"
_MESSAGE_ID = re.compile(f"<{_ID_PART}@{_ID_PART}>")
_SUB_ADDRESS = re.compile(r"\+t-([a-z2-7]{16})@", re.IGNORECASE)
_SUBJECT_TAG = re.compile(r"\[airut ([a-z2-7]{16})\]", re.IGNORECASE)
_ANSWER = re.compile(r"\s*(?:re|aw|sv|vs|antw|odp|ynt|ref|rif|res|r)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE)
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


def thread_token(repo: str, mail: MailReferences, fallback: str, neighbours: tuple[str, ...] = ()) -> str:
    """The thread's 16 characters: from the mail that it answers, its address, subject or quote, else its own root.

    `fallback` stands for the root of a mail that has no Message-ID at all: its key. `neighbours` are the repositories
    beside this one: in a conversation with several of us, an answer to one must not lead the others to its thread.
    """
    ids = (*mail.references, *mail.in_reply_to, mail.message_id or fallback)
    others = {derive_token(neighbour, each) for neighbour in neighbours for each in ids}
    named = next((token for token in _named(mail) if token not in others), None)
    return named or derive_token(repo, root_message_id(mail) or fallback)


def goes_on(mail: MailReferences) -> bool:
    """Whether the mail says that it belongs to an earlier one, of ours or of anybody's."""
    return bool(mail.in_reply_to or mail.references or any(_named(mail)))


def is_untied(mail: MailReferences) -> bool:
    """Whether an answer came without any reference, so that only its subject can hold the thread together."""
    return not mail.in_reply_to and not mail.references and _ANSWER.match(mail.subject) is not None


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


def _named(mail: MailReferences) -> Iterator[str]:
    """Every token in the mail, in the order in which they count."""
    for candidate in (*mail.in_reply_to, *reversed(mail.references)):
        if parsed := parse_message_id(candidate):
            yield parsed.token
    for pattern, texts in (
        (_SUB_ADDRESS, mail.recipients),
        (_SUBJECT_TAG, (mail.subject,)),
        (_REFERENCE_LINE, (mail.quoted,)),
    ):
        for text in texts:
            yield from (found.lower() for found in pattern.findall(text))

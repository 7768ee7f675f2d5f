"""Header fields as bytes (RFC 5322 §2.2, RFC 2047), written here since no foreign value may begin a new line.

`email`'s own folding turns long Message-IDs into encoded words, which breaks threading in every client.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from email.utils import parseaddr

MAX_REFERENCES = 20
_SOFT_LIMIT = 76
_HARD_WORD = 900
"""A word that has to stand on one line of at most 998 octets (RFC 5322 §2.1.1), the field's name included."""
_MAX_SUBJECT = 500
"""Characters: longer subjects are pasted text, and some servers refuse headers of more than a few kilobytes."""

_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ufeff]+")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f\x41-\x7e]+>")
_PREFIXES = re.compile(r"(?:(?:re|aw|sv|vs|tr|rv|fwd|fw|wg)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)


def clean(value: str) -> str:
    """One line without controls: runs of them, and of white space, become one space; lone surrogates become `?`."""
    return _CONTROLS.sub(" ", value.encode("utf-8", "replace").decode("utf-8")).strip()


def reply_subject(subject: str) -> str:
    """`Re: ` and the subject without its run of reply and forward prefixes."""
    bare = clean(subject)
    bare = bare[prefix.end() :] if (prefix := _PREFIXES.match(bare)) else bare
    return f"Re: {_capped(bare)}".strip()


def subject(text: str) -> str:
    """The subject of a mail that opens a conversation."""
    return _capped(clean(text))


def _capped(text: str) -> str:
    return text if len(text) <= _MAX_SUBJECT else text[:_MAX_SUBJECT].rstrip() + "…"


def is_message_id(text: str) -> bool:
    """RFC 5322 §3.6.4 as far as it matters: brackets, one `@`, printable ASCII, short enough for a line."""
    return len(text) <= _HARD_WORD and _MESSAGE_ID.fullmatch(text) is not None


def references(chain: Sequence[str], answered: str | None) -> tuple[str, ...]:
    """The answered mail's references and itself (RFC 5322 §3.6.4): root and newest 20, well-formed, once each."""
    ids = list(dict.fromkeys(one for one in (*chain, answered or "") if is_message_id(one)))
    return tuple(ids if len(ids) <= MAX_REFERENCES else [ids[0], *ids[-MAX_REFERENCES:]])


def text_field(name: str, value: str) -> bytes:
    """An unstructured field (RFC 5322 §3.6.5): folded at spaces, or encoded words where it must be."""
    value = clean(value)
    words = value.split(" ")
    plain = value.isascii() and "=?" not in value and all(len(word) <= _HARD_WORD for word in words)
    return _folded(name, words if plain else _encoded_words(value))


def words_field(name: str, words: Iterable[str]) -> bytes:
    """A field of words that must not be broken (Message-IDs): one a line when it gets long."""
    return _folded(name, [clean(word) for word in words])


def addresses_field(name: str, addresses: Sequence[str]) -> bytes:
    """Bare addresses, comma-separated. An internationalised one stands as UTF-8 (RFC 6532 §3.2)."""
    return _folded(name, [f"{address}," for address in addresses[:-1]] + list(addresses[-1:]))


def mailbox_field(name: str, mailbox: str) -> bytes:
    """One mailbox with its display name (RFC 5322 §3.4), quoted or encoded as it needs."""
    display, address = parseaddr(clean(mailbox))
    if not display:
        return _folded(name, [address])
    if display.isascii() and "=?" not in display:
        quoted = display.replace("\\", "\\\\").replace('"', '\\"')
        return _folded(name, [f'"{quoted}"', f"<{address}>"])
    return _folded(name, [*_encoded_words(display), f"<{address}>"])


def _folded(name: str, words: Iterable[str]) -> bytes:
    lines = [f"{name}:"]
    for word in words:
        # The first word stays on the field's own line: some servers treat a line of only a name as an empty field.
        fits = len(lines[-1].encode()) + 1 + len(word.encode()) <= _SOFT_LIMIT
        if fits or lines[-1] == f"{name}:":
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines).encode() + b"\r\n"


def _encoded_words(value: str) -> list[str]:
    """RFC 2047 §2: base64 words of at most 75 octets, none of which splits a character (§5)."""
    words, chunk = [], b""
    for character in value:
        piece = character.encode()
        # 39 bytes are 52 of base64, 64 with the frame: with `Subject: ` before it the line still fits.
        if len(chunk) + len(piece) > 39:
            words.append(chunk)
            chunk = b""
        chunk += piece
    return [f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in [*words, chunk]]

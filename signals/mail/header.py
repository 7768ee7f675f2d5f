"""The header block of a mail (RFC 5322 §2.2), read from its raw bytes by rules of our own.

Who sent a mail is decided on these fields. The standard library's parser guesses where a header is malformed; here a
malformed header is refused, so that no two readers of one mail can disagree about its From field.
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header

from airut.models.base import Model
from signals.mail.charset import clean_text, decode_text

_LINE_BREAK = re.compile(rb"\r?\n")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:(.*)", re.DOTALL)
MAX_HEADER = 1024 * 1024
"""Bytes of header block that we read; servers refuse far smaller ones."""


class MalformedHeader(ValueError):
    """A line of the header block is neither a field nor a continuation, or can be read as two."""


class HeaderBlock(Model):
    """Fields in order from the top: name in lower case, value unfolded but otherwise as it came."""

    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.fields if key == name)

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    def text(self, name: str) -> str:
        """The first such field for people: RFC 2047 decoded, one line; empty when there is none."""
        value = self.first(name)
        return "" if value is None else decode_words(value)


def parse_header_block(raw: bytes) -> HeaderBlock:
    """Read up to the first empty line.

    Raises:
        MalformedHeader: a line is neither a field nor a continuation or holds CR or NUL, or the block is longer than
            MAX_HEADER.
    """
    fields: list[tuple[str, list[bytes]]] = []
    lines = _LINE_BREAK.split(raw[:MAX_HEADER])
    if len(raw) > MAX_HEADER and b"" not in lines[:-1]:  # the last one may be half a line
        raise MalformedHeader("header block too long")
    for number, line in enumerate(lines):
        if not line:
            break
        if b"\r" in line or b"\0" in line:  # where another reader's line might end
            raise MalformedHeader(f"line {number + 1} of the header has a control character")
        if line[:1] in b" \t":
            if not fields:
                raise MalformedHeader("begins with a continuation line")
            fields[-1][1].append(line)
        elif match := _FIELD.fullmatch(line):
            fields.append((match[1].decode("ascii").lower(), [match[2]]))
        elif not (number == 0 and line.startswith(b"From ")):  # the line that mbox files begin a mail with
            raise MalformedHeader(f"line {number + 1} of the header is not a field")
    return HeaderBlock(fields=tuple((name, _decode(b"".join(lines)).strip(" \t")) for name, lines in fields))


def decode_words(value: str) -> str:
    """RFC 2047 encoded words as one clean line; unknown charsets and broken words stay readable, nothing raises."""
    parts: list[str] = []
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        pieces = [(value, None)]
    for piece, charset in pieces:
        if isinstance(piece, str):
            parts.append(piece)
            continue
        parts.append(decode_text(piece, charset))
    return " ".join(clean_text("".join(parts)).split())


def _decode(raw: bytes) -> str:
    """RFC 6532 has headers in UTF-8; what is not is the Windows charset, as in body text."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")

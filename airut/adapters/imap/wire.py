"""IMAP's wire format (RFC 9051 §4, §9), pure: bytes to whole responses, responses to values, names to bytes."""

import base64
import re
from datetime import datetime, timedelta, timezone

MAX_LINE = 8 * 1024 * 1024
"""Bytes of a response outside literals: a SEARCH over a million mails needs as much."""
MAX_LITERAL = 256 * 1024 * 1024
"""We never ask for a mail above the configured limit; a larger literal is a broken server."""

Value = bytes | None | list["Value"]

_LITERAL_AT_END = re.compile(rb"~?\{(\d{1,12})\+?\}\Z")
# Their text is for people and may end in anything; no literal follows (RFC 9051 §7.1).
_STATUS = re.compile(rb"(?:\* )?(?:\S+ )?(?:OK|NO|BAD|BYE|PREAUTH)\b|\+", re.IGNORECASE)
_LITERAL = re.compile(rb"~?\{(\d{1,12})\+?\}\r\n")
_ATOM = re.compile(rb"(?:[^\s()\"\[]|\[[^\]]*\])+")
_FETCH = re.compile(rb"(\d+) FETCH ", re.IGNORECASE)
_INTERNAL_DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_MONTHS = [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"]


class MalformedResponse(ValueError):
    """The server does not follow the grammar."""


class ResponseReader:
    """Cuts a stream into whole responses, without the final CRLF; literals stay in them as `{n}` CRLF bytes.

    Work is linear in the bytes fed, however they are cut into pieces.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._line = 0
        self._search = 0

    def clear(self) -> None:
        """Forget what has not become a response: what came before TLS proves nothing (RFC 9051 §11.1)."""
        self._buffer.clear()
        self._line = self._search = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Raises MalformedResponse when a line or literal is longer than any server's is."""
        self._buffer += data
        responses: list[bytes] = []
        while (response := self._next()) is not None:
            responses.append(response)
        if len(self._buffer) - self._line > MAX_LINE and self._search >= self._line:
            raise MalformedResponse("line too long")
        return responses

    def _next(self) -> bytes | None:
        while len(self._buffer) >= self._search:
            end = self._buffer.find(b"\r\n", self._search)
            if end < 0:
                self._search = max(self._line, len(self._buffer) - 1)  # its last byte may be the CR
                return None
            literal = _LITERAL_AT_END.search(self._buffer, max(self._line, end - 20), end)
            if literal is None or _STATUS.match(self._buffer):
                response = bytes(self._buffer[:end])
                del self._buffer[: end + 2]
                self._line = self._search = 0
                return response
            size = int(literal[1])
            if size > MAX_LITERAL:
                raise MalformedResponse("literal too long")
            self._line = self._search = end + 2 + size
        return None


def parse_values(text: bytes) -> list[Value]:
    """Atoms, quoted strings, literals and lists; NIL is None.

    Raises:
        MalformedResponse: unbalanced lists, a string that does not end.
    """
    stack: list[list[Value]] = [[]]
    position = 0
    while position < len(text):
        byte = text[position : position + 1]
        if byte in b" \r\n":
            position += 1
        elif byte == b"(":
            stack.append([])
            position += 1
        elif byte == b")":
            if len(stack) == 1:
                raise MalformedResponse("list ends that did not begin")
            done = stack.pop()
            stack[-1].append(done)
            position += 1
        else:
            value, position = _scalar(text, position)
            stack[-1].append(value)
    if len(stack) > 1:
        raise MalformedResponse("list does not end")
    return stack[0]


def parse_fetch(response: bytes) -> dict[str, Value] | None:
    """Items of a FETCH response by upper-case name; None for any other response (RFC 9051 §7.5.2).

    Raises:
        MalformedResponse: it is a FETCH response and not well-formed.
    """
    match = _FETCH.match(response)
    if match is None:
        return None
    values = parse_values(response[match.end() :])
    if len(values) != 1 or not isinstance(values[0], list) or len(values[0]) % 2:
        raise MalformedResponse("FETCH response without a list of items")
    items = values[0]
    return {_name(items[i]): items[i + 1] for i in range(0, len(items), 2)}


def parse_internal_date(text: bytes) -> datetime:
    """Raises MalformedResponse for what is no `date-time` of RFC 9051 §9."""
    match = _INTERNAL_DATE.fullmatch(text)
    if match is None or match[2].lower() not in _MONTHS:
        raise MalformedResponse("not a date-time")
    offset = timedelta(hours=int(match[8]), minutes=int(match[9])) * (-1 if match[7] == b"-" else 1)
    month = _MONTHS.index(match[2].lower()) + 1
    hour, minute, second = (int(match[i]) for i in (4, 5, 6))
    try:
        return datetime(int(match[3]), month, int(match[1]), hour, minute, second, tzinfo=timezone(offset))
    except ValueError as error:
        raise MalformedResponse("not a date-time") from error


def format_date(at: datetime) -> str:
    """`date` of RFC 9051 §9."""
    return f"{at.day}-{_MONTHS[at.month - 1].decode().capitalize()}-{at.year:04d}"


def format_internal_date(at: datetime) -> str:
    """`date-time` of RFC 9051 §9, without its quotes."""
    month = _MONTHS[at.month - 1].decode().capitalize()
    return f"{at.day:2d}-{month}-{at.year:04d} {at:%H:%M:%S} {at:%z}"


def quoted(text: str) -> str:
    """A quoted string (RFC 9051 §4.3). The text must be ASCII without controls, as mailbox names are here."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def modified_utf7(name: str) -> str:
    """A mailbox name as IMAP4rev1 spells it (RFC 3501 §5.1.3)."""
    parts: list[str] = []
    for run in re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name):
        if " " <= run[0] <= "~":
            parts.append(run.replace("&", "&-"))
        else:
            encoded = base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
            parts.append(f"&{encoded}-")
    return "".join(parts)


def _scalar(text: bytes, position: int) -> tuple[bytes | None, int]:
    if text[position : position + 1] == b'"':
        return _quoted_string(text, position + 1)
    if literal := _LITERAL.match(text, position):
        end = literal.end() + int(literal[1])
        if end > len(text):
            raise MalformedResponse("literal is cut")
        return text[literal.end() : end], end
    if atom := _ATOM.match(text, position):
        return (None if atom[0].upper() == b"NIL" else atom[0]), atom.end()
    raise MalformedResponse(f"no value at {position}")


def _quoted_string(text: bytes, position: int) -> tuple[bytes, int]:
    content = bytearray()
    while position < len(text):
        byte = text[position : position + 1]
        position += 1
        if byte == b'"':
            return bytes(content), position
        if byte == b"\\":
            byte = text[position : position + 1]
            position += 1
        content += byte
    raise MalformedResponse("quoted string does not end")


def _name(value: Value) -> str:
    if not isinstance(value, bytes):
        raise MalformedResponse("FETCH item without a name")
    return value.decode("ascii", "replace").upper()

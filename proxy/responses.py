"""A response on its way back: which bodies are text, and how they are scrubbed (credentials.md §4.1)."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from proxy.acceptance import Fields
from proxy.block import Reason, Refused
from proxy.codings import Decoder, Identity, acceptable, decoder
from proxy.scrub import Needles, Scrubber

SNIFF = 1024  # bytes of a body without a type that tell whether it is text
_TEXT = ("json", "xml", "javascript", "ecmascript", "x-www-form-urlencoded", "yaml", "graphql")


def is_text(content_type: str) -> bool | None:
    """Whether a media type is text; None where it says nothing."""
    kind = content_type.partition(";")[0].strip().lower()
    if not kind:
        return None
    main, _, sub = kind.partition("/")
    return main == "text" or any(part in _TEXT for part in sub.replace("+", "-").split("-")) or sub in _TEXT


def scrub_fields(fields: Fields, needles: Needles) -> tuple[Fields, int]:
    """Header or trailer fields without real values, and how many there were."""
    out, count = [], 0
    for name, value in fields:
        clean, found = needles.replace(value)
        out.append((name, clean))
        count += found
    return tuple(out), count


def limit_codings(fields: Fields) -> Fields:
    """A request's fields, asking for no coding that could not be undone here (RFC 9110 §12.5.3)."""
    return tuple((name, acceptable(v) if name.lower() == b"accept-encoding" else v) for name, v in fields)


class Body:
    """The body of one response as it streams by."""

    def __init__(self, text: bool | None, decode: Decoder, needles: Needles) -> None:
        self._is_text = text
        self._decoder = decode
        self._scrubber = Scrubber(needles)
        self._sniffed = b""

    @property
    def count(self) -> int:
        """How many values were found so far."""
        return self._scrubber.count

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What goes on after one more piece; an empty one is the end.

        Raises:
            Undecodable: the body is not what its Content-Encoding says.
        """
        if piece:
            for decoded in self._decoder.feed(piece):
                yield from self._scrub(decoded)
            return
        self._decoder.finish()
        if self._is_text is None:
            yield from self._decide()
        if self._is_text:
            yield from _some(self._scrubber.finish())

    def _scrub(self, piece: bytes) -> Iterator[bytes]:
        if self._is_text is None:
            self._sniffed += piece
            if len(self._sniffed) >= SNIFF:
                yield from self._decide()
            return
        yield from _some(self._scrubber.feed(piece) if self._is_text else piece)

    def _decide(self) -> Iterator[bytes]:
        seen, self._sniffed = self._sniffed, b""
        try:
            # A character may be cut at the end of what was looked at.
            codecs.getincrementaldecoder("utf-8")().decode(seen[:SNIFF])
            self._is_text = True
        except UnicodeDecodeError:
            self._is_text = False
        yield from self._scrub(seen)


def _some(piece: bytes) -> Iterator[bytes]:
    # An empty chunk would end an HTTP/1.1 body.
    if piece:
        yield piece


def body(fields: Fields, needles: Needles) -> Body | None:
    """How to scrub a body that comes with these fields; None if it passes as it is.

    Raises:
        Refused: `response_not_inspectable`, with the coding's name.
    """
    encoding = ", ".join(_values(fields, b"content-encoding"))
    text = is_text(", ".join(_values(fields, b"content-type")))
    if not needles or text is False:
        return None
    decode = decoder(encoding)
    if decode is None:
        raise Refused(Reason.RESPONSE_NOT_INSPECTABLE, f"Content-Encoding {encoding[:100]}")
    return Body(text, decode, needles)


def reframe(fields: Fields, *, keeps_length: bool, chunked: bool) -> Fields:
    """The fields of a response whose body is scrubbed: decoded, and without a length that may no longer be true."""
    encoding = ", ".join(_values(fields, b"content-encoding"))
    decoded = not isinstance(decoder(encoding), Identity)
    dropped = {b"content-encoding"} if decoded else set()
    had_length = bool(_values(fields, b"content-length"))
    if had_length and (decoded or not keeps_length):
        dropped.add(b"content-length")
    kept = tuple((name, value) for name, value in fields if name.lower() not in dropped)
    if chunked and b"content-length" in dropped:
        return (*kept, (b"Transfer-Encoding", b"chunked"))
    return kept


def _values(fields: Fields, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in fields if name.lower() == wanted]

"""Bodies whose chunks are signed one by one: each is checked with the surrogate's key and signed with the real one.

The form is `size;chunk-signature=…` CRLF data CRLF, a last chunk of size 0, and, where there is one, a trailer with a
signature of its own. The wire length stays what it was, and with it Content-Length.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

from proxy.aws.keys import Key, padded
from proxy.aws.signature import ECDSA, Malformed, Signature

MAX_CHUNK = 16 * 1024 * 1024  # bytes: a chunk is kept whole until its signature, which stands before it, is known
MAX_LINE = 1024  # bytes of a chunk's line, or of a line of the trailer: a signature and a checksum are far shorter
MAX_TRAILER_LINES = 16
_EMPTY = hashlib.sha256(b"").hexdigest()
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,8});chunk-signature=([0-9a-f]{2,144}\**)\Z")
_TRAILER_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:[ \t]*([\x20-\x7e]*?)[ \t]*\Z")
_TRAILER_SIGNATURE = b"x-amz-trailer-signature"


class Side:
    """One key's chain of signatures: each covers the one before it, without the padding that that was sent with."""

    def __init__(self, key: Key, signature: Signature) -> None:
        self._key = key
        self._signature = signature
        self._before = signature.value

    def _text(self, kind: str, tail: str) -> bytes:
        found = self._signature
        head = f"{found.algorithm}-{kind}\n{found.timestamp}\n{found.scope}"
        return f"{head}\n{self._before}\n{tail}".encode()

    def checks(self, kind: str, tail: str, value: str) -> bool:
        """Whether this is the chain's next signature."""
        text, self._before = self._text(kind, tail), value.rstrip("*")
        return self._key.verifies(text, self._before)

    def sign(self, kind: str, tail: str) -> str:
        """The chain's next signature, as long as all of its algorithm are."""
        self._before = self._key.sign(self._text(kind, tail))
        return padded(self._signature.algorithm, self._before)


class Chunks:
    """One body as it streams by: however it is cut, the same comes out."""

    def __init__(self, agent: Side, real: Side, *, ecdsa: bool, trailer: bool) -> None:
        self._agent = agent
        self._real = real
        self._width = 144 if ecdsa else 64
        self._has_trailer = trailer
        self._buffer = bytearray()
        self._lines: list[tuple[bytes, bytes]] = []
        self._state: Callable[[], Iterator[bytes]] | None = self._chunk

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What goes upstream after one more piece; an empty one is the end.

        Raises:
            Malformed: a chunk that cannot be read, or whose signature is not the agent's.
        """
        if not piece:
            if self._state is not None or self._buffer:
                raise Malformed("the signed body ends in the middle, or goes on after its end")
            return
        self._buffer += piece
        while self._state is not None:
            before = len(self._buffer)
            yield from self._state()
            if len(self._buffer) == before:
                return
        if self._buffer:
            raise Malformed("the signed body goes on after its end")

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, MAX_LINE)
        if end < 0 and len(self._buffer) >= MAX_LINE:
            raise Malformed("a line of the signed body is too long")
        return None if end < 0 else bytes(self._buffer[:end])

    def _chunk(self) -> Iterator[bytes]:
        line = self._line()
        if line is None:
            return
        parts = _CHUNK_LINE.match(line)
        if parts is None or len(parts[2]) != self._width:
            raise Malformed("a chunk does not begin with its size and signature")
        size, start = int(parts[1], 16), len(line) + 2
        if size > MAX_CHUNK:
            raise Malformed(f"a chunk is over {MAX_CHUNK} bytes")
        if size and len(self._buffer) < start + size + 2:
            return
        data = bytes(self._buffer[start : start + size])
        if size and self._buffer[start + size : start + size + 2] != b"\r\n":
            raise Malformed("a chunk is longer than it says")
        signed = self._swap("PAYLOAD", f"{_EMPTY}\n{hashlib.sha256(data).hexdigest()}", parts[2])
        del self._buffer[: start + size + (2 if size else 0)]
        yield parts[1] + b";chunk-signature=" + signed + b"\r\n" + data + (b"\r\n" if size else b"")
        if not size:
            self._state = self._trailer if self._has_trailer else self._end

    def _trailer(self) -> Iterator[bytes]:
        line = self._line()
        if line is None:
            return
        parts = _TRAILER_LINE.match(line)
        if parts is None or len(self._lines) >= MAX_TRAILER_LINES:
            raise Malformed("the trailer cannot be read")
        name, value = parts[1].lower(), parts[2]
        if name == _TRAILER_SIGNATURE:
            if len(value) != self._width:
                raise Malformed("the trailer's signature has another length")
            text = b"".join(name + b":" + content + b"\n" for name, content in self._lines)
            signed = self._swap("TRAILER", hashlib.sha256(text).hexdigest(), value)
            line = line.replace(value, signed)
            self._state = self._end
        else:
            self._lines.append((name, value))
        del self._buffer[: self._buffer.find(b"\r\n") + 2]
        yield line + b"\r\n"

    def _end(self) -> Iterator[bytes]:
        if len(self._buffer) < 2:
            return
        if self._buffer[:2] != b"\r\n":
            raise Malformed("the signed body does not end where it says")
        del self._buffer[:2]
        self._state = None
        yield b"\r\n"

    def _swap(self, kind: str, tail: str, value: bytes) -> bytes:
        if not self._agent.checks(kind, tail, value.decode()):
            raise Malformed("a chunk's signature does not match")
        return self._real.sign(kind, tail).encode()


def chunks(agent: tuple[Key, Signature], real: tuple[Key, Signature], *, trailer: bool) -> Chunks:
    """The machine for a body whose request has these two signatures, the agent's and ours."""
    sides = [Side(key, signature) for key, signature in (agent, real)]
    return Chunks(sides[0], sides[1], ecdsa=agent[1].algorithm == ECDSA, trailer=trailer)

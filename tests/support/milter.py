"""A mail server's side of the milter protocol (version 6), as far as filters that judge mail and write header fields
need it."""

import re
import socket
import struct
from pathlib import Path
from typing import NamedTuple

_VERSION = 6
_ALL_ACTIONS = 0x1FF  # OpenDMARC hangs up on a server that cannot quarantine, which it never does here
_LEADING_SPACE = 0x00100000  # SMFIP_HDR_LEADSPC: values come with the space behind the colon, which signatures hold
_CHUNK = 65535
_FIELD = re.compile(rb"([^:\s]+)[ \t]*:(.*)", re.DOTALL)
_ACTIONS = {b"a": "accept", b"r": "reject", b"t": "tempfail", b"d": "discard", b"y": "reject"}
_GO_ON = b"c"
_INSERT_FIELD, _ADD_FIELD, _CHANGE_FIELD = b"i", b"h", b"m"


class Filtered(NamedTuple):
    """What the filter made of a message: `accept`, `reject`, `tempfail` or `discard`, the message with the fields that
    it wrote and without those that it removed, and what it wrote, unfolded."""

    action: str
    raw: bytes
    written: tuple[str, ...]


class Milter:
    """A connection to a filter's socket, for one message."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)  # a filter that hangs fails its test
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._fields: list[bytes] = []
        self._written: list[str] = []

    def filter(self, raw: bytes, sender: bytes) -> Filtered:
        """Hand a whole message over, with CRLF line ends, as from a host on the Internet."""
        with self._socket:
            self._send(b"O", struct.pack(">III", _VERSION, _ALL_ACTIONS, _LEADING_SPACE))
            spaced = bool(struct.unpack(">III", self._receive()[1][:12])[2] & _LEADING_SPACE)
            head, _, body = raw.partition(b"\r\n\r\n")
            self._fields = re.split(rb"\r\n(?![ \t])", head)
            steps = [
                (b"C", b"mail.example.net\0" + b"4" + struct.pack(">H", 25) + b"192.0.2.1\0"),
                (b"H", b"mail.example.net\0"),
                (b"M", b"<" + sender + b">\0"),
                (b"R", b"<agent@airut.test>\0"),
                (b"T", b""),
                *((b"L", _as_header(field, spaced=spaced)) for field in self._fields),
                (b"N", b""),
                *((b"B", body[i : i + _CHUNK]) for i in range(0, len(body), _CHUNK)),
                (b"E", b""),
            ]
            action = next((said for step in steps if (said := self._step(*step))), "accept")
            whole = b"\r\n".join(filter(None, self._fields)) + b"\r\n\r\n" + body
            return Filtered(action, whole, tuple(self._written))

    def close(self) -> None:
        self._socket.close()

    def _step(self, command: bytes, data: bytes) -> str:
        """One step of the transaction; the filter's last word, or the empty string while it goes on."""
        if command in b"CMR":
            self._send(b"D", command + b"i\0JOB\0j\0mx.test\0")  # macros: queue id, our name
        self._send(command, data)
        while True:
            answer, content = self._receive()
            if answer == _GO_ON:
                return ""
            if answer in _ACTIONS:
                return _ACTIONS[answer]
            self._change(answer, content)

    def _change(self, answer: bytes, content: bytes) -> None:
        assert answer in (_INSERT_FIELD, _ADD_FIELD, _CHANGE_FIELD), answer
        index = struct.unpack(">I", content[:4])[0] if answer != _ADD_FIELD else len(self._fields)
        name, value = content[4 if answer != _ADD_FIELD else 0 :].removesuffix(b"\0").split(b"\0", 1)
        if answer == _CHANGE_FIELD:
            assert not value  # both filters only remove: what claims to be their own word
            same = [i for i, each in enumerate(self._fields) if each.partition(b":")[0].lower() == name.lower()]
            self._fields[same[index - 1]] = b""
            return
        text = value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").lstrip()
        self._fields.insert(index, name + b": " + text)
        self._written.append(re.sub(r"\s+", " ", text.decode()))

    def _send(self, command: bytes, data: bytes) -> None:
        self._socket.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def _receive(self) -> tuple[bytes, bytes]:
        (size,) = struct.unpack(">I", self._exactly(4))
        packet = self._exactly(size)
        return packet[:1], packet[1:]

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the filter hung up")
            data += piece
        return data


def _as_header(field: bytes, *, spaced: bool) -> bytes:
    match = _FIELD.fullmatch(field)
    assert match, field
    value = match[2] if spaced else match[2].removeprefix(b" ")
    return match[1] + b"\0" + value.replace(b"\r\n", b"\n") + b"\0"

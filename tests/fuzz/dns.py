"""Packets from the sandbox, and what an upstream's name server says."""

import ipaddress
import struct

from proxy.dns import wire
from proxy.dns.responder import answer
from proxy.dns.wire import Rcode, Type

PROXY = ipaddress.IPv4Address("10.199.0.2")
ASKED = wire.encode_query(7, "api.test", Type.A)
QUERIES = (ASKED, wire.encode_query(1, "a.b.example.com", Type.AAAA), ASKED[:-11])
REPLIES = (
    struct.pack("!6H", 7, 0x8180, 1, 1, 0, 0) + ASKED[12:-11] + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 30, 4) + b"\1\2\3\4",
    struct.pack("!6H", 7, 0x8180, 1, 1, 0, 0) + ASKED[12:-11] + b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 9, 2) + b"\xc0\x0c",
)  # fmt: skip
WORDS = (
    b"\0",
    b"\xc0\x0c",
    b"\xff\xff",
    b"\0\1\0\1",
    b"\0\x1c\0\1",
    b"\0\0\x29",
    b"\3www",
    b"\x3f",
    b"\x40",
    b"\x80\0",
)


def query(data: bytes) -> None:
    """It is answered or dropped, never with more than fits, and the answer is one to this very question."""
    reply = answer(data, PROXY)
    if reply.data is None:
        return
    assert len(reply.data) <= wire.UDP_SIZE
    ident, flags, questions, answers, _, _ = wire.HEADER.unpack_from(reply.data)
    assert ident == int.from_bytes(data[:2])
    assert flags & wire.FLAG_QR
    assert flags & 0xF != Rcode.SERVFAIL
    if questions:
        end = 12 + len(reply.data[12:].partition(b"\0")[0]) + 5
        assert reply.data[12:end].lower() == data[12:end].lower()
    assert answers <= 1


def reply(data: bytes) -> None:
    """It is read as addresses or refused."""
    try:
        read = wire.parse_answer(data, ASKED)
    except ValueError:
        return
    assert data[:2] == ASKED[:2]
    assert all(address.version == 4 for address in read.addresses)

"""DNS messages as bytes: queries in and answers out for the sandbox, and the other way round for the resolver.

RFC 1035 §4; EDNS0 RFC 6891. Strict: what is not exactly a query of one question is a format error.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from enum import IntEnum

HEADER = struct.Struct("!6H")
UDP_SIZE = 1232  # DNS flag day 2020: fits any path without fragments
MAX_NAME = 255
MAX_LABEL = 63
_RECORD = struct.Struct("!HHIH")


class Type(IntEnum):
    """The record types that are treated each in their own way."""

    A = 1
    CNAME = 5
    SOA = 6
    HINFO = 13
    AAAA = 28
    OPT = 41
    ANY = 255


class Rcode(IntEnum):
    """RFC 1035 §4.1.1, RFC 6891 §9."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


IN = 1
FLAG_QR, FLAG_AA, FLAG_TC, FLAG_RD, FLAG_RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080


class Undecodable(ValueError):
    """Not even a header, or an answer: nothing to reply to."""


class FormatError(ValueError):
    """The header was readable, the rest was not; `rcode` says what to reply."""

    def __init__(self, header: Header, rcode: Rcode, reason: str) -> None:
        super().__init__(reason)
        self.header = header
        self.rcode = rcode


@dataclass(frozen=True)
class Header:
    """What every reply repeats."""

    id: int
    opcode: int
    recursion_desired: bool


@dataclass(frozen=True)
class Query:
    """One question, with its bytes as they came so that the case of the name is echoed."""

    header: Header
    question: bytes
    labels: tuple[bytes, ...]
    qtype: int
    qclass: int
    edns_version: int | None

    @property
    def name(self) -> str:
        """The name for matching and the log: lower case, bytes outside printable ASCII escaped (RFC 1035 §5.1)."""
        return ".".join(_printable(label) for label in self.labels).lower()


def _printable(label: bytes) -> str:
    return "".join(chr(b) if 0x21 <= b <= 0x7E and b not in b'.\\"' else f"\\{b:03d}" for b in label)


@dataclass(frozen=True)
class Record:
    """A resource record; an empty name is the root."""

    name: bytes
    rtype: int
    ttl: int
    data: bytes

    def encode(self) -> bytes:
        return self.name + _RECORD.pack(self.rtype, IN, self.ttl, len(self.data)) + self.data


def encode_name(name: str) -> bytes:
    """A canonical ASCII name as labels (RFC 1035 §3.1)."""
    out = bytearray()
    for label in name.split("."):
        raw = label.encode("ascii")
        if not 0 < len(raw) <= MAX_LABEL:
            raise ValueError("label length")
        out += bytes([len(raw)]) + raw
    if len(out) + 1 > MAX_NAME:
        raise ValueError("name length")
    return bytes(out) + b"\0"


def parse_query(data: bytes) -> Query:
    """The one question of a query.

    Raises:
        Undecodable: fewer than 12 bytes, or a response (QR=1).
        FormatError: anything else that is not a plain query.
    """
    if len(data) < HEADER.size:
        raise Undecodable("short")
    ident, flags, questions, answers, authorities, additionals = HEADER.unpack_from(data)
    if flags & FLAG_QR:
        raise Undecodable("a response")
    header = Header(ident, flags >> 11 & 0xF, bool(flags & FLAG_RD))
    if header.opcode != 0:
        raise FormatError(header, Rcode.NOTIMP, "opcode")
    if questions != 1 or answers or authorities or flags & FLAG_TC:
        raise FormatError(header, Rcode.FORMERR, "counts")
    try:
        labels, end = _plain_name(data, HEADER.size)
        qtype, qclass = struct.unpack_from("!HH", data, end)
        edns_version = _edns_version(data, end + 4, additionals)
    except (ValueError, struct.error) as error:
        raise FormatError(header, Rcode.FORMERR, str(error)) from error
    return Query(header, data[HEADER.size : end + 4], labels, qtype, qclass, edns_version)


def _plain_name(data: bytes, offset: int) -> tuple[tuple[bytes, ...], int]:
    """A name without compression, which a question has no use for."""
    labels: list[bytes] = []
    start = offset
    while True:
        if offset >= len(data):
            raise ValueError("truncated name")
        length = data[offset]
        offset += 1
        if offset - start > MAX_NAME:
            raise ValueError("name too long")
        if length == 0:
            return tuple(labels), offset
        if length > MAX_LABEL:
            raise ValueError("compression pointer or label too long")
        if offset + length > len(data) or offset + length - start >= MAX_NAME:
            raise ValueError("truncated or too long")
        labels.append(data[offset : offset + length])
        offset += length


def _edns_version(data: bytes, offset: int, count: int) -> int | None:
    """The EDNS version of the OPT record among the additional ones; its options are ignored (RFC 6891 §6.1.2)."""
    version = None
    for _ in range(count):
        labels, offset = _plain_name(data, offset)
        rtype, _udp_size, ttl, length = _RECORD.unpack_from(data, offset)
        offset += _RECORD.size + length
        if offset > len(data):
            raise ValueError("truncated record")
        if rtype == Type.OPT:
            if labels or version is not None:
                raise ValueError("OPT with a name, or twice")
            version = ttl >> 16 & 0xFF
    return version


def encode_reply(
    query: Query, rcode: Rcode, answers: tuple[Record, ...] = (), authorities: tuple[Record, ...] = ()
) -> bytes:
    """A reply that echoes the question and, if there was one, the OPT record."""
    opt = b""
    if query.edns_version is not None:
        opt = b"\0" + _RECORD.pack(Type.OPT, UDP_SIZE, int(rcode) >> 4 << 24, 0)
    head = _reply_header(query.header, rcode, 1, len(answers), len(authorities), 1 if opt else 0)
    return head + query.question + b"".join(r.encode() for r in (*answers, *authorities)) + opt


def encode_failure(header: Header, rcode: Rcode) -> bytes:
    """A reply to a query whose question could not be read."""
    return _reply_header(header, rcode, 0, 0, 0, 0)


def _reply_header(header: Header, rcode: Rcode, *counts: int) -> bytes:
    # RA although nothing is forwarded: stub resolvers drop servers that do not offer recursion.
    flags = FLAG_QR | FLAG_AA | FLAG_RA | header.opcode << 11 | int(rcode) & 0xF
    if header.recursion_desired:
        flags |= FLAG_RD
    return HEADER.pack(header.id, flags, *counts)


def encode_query(ident: int, name: str, qtype: Type) -> bytes:
    """A recursive query, as a stub resolver sends it."""
    opt = b"\0" + _RECORD.pack(Type.OPT, UDP_SIZE, 0, 0)
    question = encode_name(name) + struct.pack("!HH", qtype, IN)
    return HEADER.pack(ident, FLAG_RD, 1, 0, 0, 1) + question + opt


@dataclass(frozen=True)
class Answer:
    """What a name server said about one name."""

    rcode: int
    truncated: bool
    addresses: tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]
    ttl: int


def parse_answer(data: bytes, query: bytes) -> Answer:
    """The addresses in the reply to a query of ours, aliases followed.

    Raises:
        ValueError: not a well-formed reply to that very query.
    """
    try:
        return _parse_answer(data, query)
    except (struct.error, IndexError, ipaddress.AddressValueError) as error:
        raise ValueError("malformed reply") from error


def _parse_answer(data: bytes, query: bytes) -> Answer:
    ident, flags, questions, answers, _authorities, _additionals = HEADER.unpack_from(data)
    labels, end = _plain_name(query, HEADER.size)
    question = query[HEADER.size : end + 4]
    if ident != HEADER.unpack_from(query)[0] or not flags & FLAG_QR or questions != 1:
        raise ValueError("not our reply")
    if data[HEADER.size : HEADER.size + len(question)].lower() != question.lower():
        raise ValueError("another question")
    qtype = struct.unpack_from("!H", question, len(question) - 4)[0]
    names = {_folded(labels)}
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    ttl = 3600
    offset = HEADER.size + len(question)
    for _ in range(answers):
        owner, offset = _compressed_name(data, offset)
        rtype, rclass, record_ttl, length = _RECORD.unpack_from(data, offset)
        offset += _RECORD.size
        if offset + length > len(data):
            raise ValueError("truncated record")
        if rclass == IN and _folded(owner) in names and rtype in (Type.CNAME, qtype):
            ttl = min(ttl, record_ttl)
            if rtype == Type.CNAME:
                names.add(_folded(_compressed_name(data, offset)[0]))
            elif length == (4 if qtype == Type.A else 16):
                addresses.append(ipaddress.ip_address(data[offset : offset + length]))
        offset += length
    return Answer(flags & 0xF, bool(flags & FLAG_TC), tuple(addresses), ttl)


def _folded(labels: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(label.lower() for label in labels)


def _compressed_name(data: bytes, offset: int) -> tuple[tuple[bytes, ...], int]:
    """A name with compression pointers, which may only point backwards (RFC 1035 §4.1.4)."""
    labels: list[bytes] = []
    end: int | None = None
    limit = offset
    while True:
        length = data[offset]
        if length & 0xC0 == 0xC0:
            target = struct.unpack_from("!H", data, offset)[0] & 0x3FFF
            end = offset + 2 if end is None else end
            if target >= limit:
                raise ValueError("pointer forwards")
            offset = limit = target
            continue
        if length > MAX_LABEL or len(labels) > MAX_NAME // 2:
            raise ValueError("label")
        offset += 1
        if length == 0:
            return tuple(labels), offset if end is None else end
        if offset + length > len(data):
            raise ValueError("truncated name")
        labels.append(data[offset : offset + length])
        offset += length

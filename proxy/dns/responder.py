"""What the sandbox's name server answers: the proxy's address, to every name alike (network.md §2). Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from proxy.dns import wire
from proxy.dns.wire import FormatError, Query, Rcode, Record, Type, Undecodable

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
TTL = 60
_POINTER_TO_QUESTION = b"\xc0\x0c"
_ROOT = b"\0"
_LOOPBACK: tuple[IPAddress, ...] = (ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1"))
# A negative answer needs an SOA, whose last field is its lifetime (RFC 2308 §5). The root is above every name.
_SOA = Record(_ROOT, Type.SOA, TTL, _ROOT + _ROOT + b"".join(n.to_bytes(4) for n in (1, 3600, 600, 86_400, TTL)))


@dataclass(frozen=True)
class Reply:
    """The bytes to send, none to stay silent, and what the log says."""

    data: bytes | None
    name: str | None
    qtype: str
    rcode: Rcode | None


def answer(data: bytes, *own: IPAddress) -> Reply:
    """The reply to one message from the sandbox; `own` are the proxy's addresses, at most one of each family."""
    try:
        query = wire.parse_query(data)
    except Undecodable:
        return Reply(None, None, "", None)
    except FormatError as error:
        return Reply(wire.encode_failure(error.header, error.rcode), None, "", error.rcode)
    rcode, answers = _decide(query, own)
    negative = not answers and rcode in (Rcode.NOERROR, Rcode.NXDOMAIN)
    encoded = wire.encode_reply(query, rcode, answers, (_SOA,) if negative else ())
    return Reply(encoded, query.name[:255], _type_name(query.qtype), rcode)


def _decide(query: Query, own: Sequence[IPAddress]) -> tuple[Rcode, tuple[Record, ...]]:
    if query.edns_version:
        return Rcode.BADVERS, ()
    if query.qclass != wire.IN:
        return Rcode.REFUSED, ()
    last = query.labels[-1].lower() if query.labels else b""
    if last == b"invalid":
        return Rcode.NXDOMAIN, ()
    local = last == b"localhost"  # RFC 6761 §6.3
    if query.qtype in (Type.A, Type.AAAA):
        version = 4 if query.qtype == Type.A else 6
        found = [address for address in (_LOOPBACK if local else own) if address.version == version]
        return Rcode.NOERROR, tuple(Record(_POINTER_TO_QUESTION, query.qtype, TTL, one.packed) for one in found[:1])
    if query.qtype == Type.ANY:  # RFC 8482 §4.2
        return Rcode.NOERROR, (Record(_POINTER_TO_QUESTION, Type.HINFO, TTL, b"\x07RFC8482\0"),)
    return Rcode.NOERROR, ()


_TYPE_NAMES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV",
    64: "SVCB", 65: "HTTPS", 255: "ANY", 257: "CAA",
}  # fmt: skip


def _type_name(qtype: int) -> str:
    return _TYPE_NAMES.get(qtype, f"TYPE{qtype}")  # RFC 3597 §5

"""network.md §2, row by row, and what is no query at all."""

import ipaddress
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.dns import wire
from proxy.dns.responder import IPAddress, answer
from proxy.dns.wire import Rcode, Type

PROXY = ipaddress.ip_address("10.199.0.2")
PROXY6 = ipaddress.ip_address("fd41::2")
HEADER = struct.pack("!6H", 0x1234, 0x0100, 1, 0, 0, 0)


def name(text: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".") if part) + b"\0"


def question(text: str, qtype: int = 1, qclass: int = 1) -> bytes:
    return name(text) + struct.pack("!HH", qtype, qclass)


def ask(text: str, qtype: int = 1, qclass: int = 1, own: Sequence[IPAddress] = (PROXY,)) -> tuple[int, bytes, bytes]:
    """rcode, the first answer's data, and the whole reply."""
    asked = HEADER + question(text, qtype, qclass)
    reply = answer(asked, *own).data
    assert reply is not None
    ident, flags, questions, answers, authorities, _ = struct.unpack_from("!6H", reply)
    assert (ident, questions, flags & 0x8180) == (0x1234, 1, 0x8180)
    assert reply[12 : len(asked)] == asked[12:]
    data = reply[len(asked) + 12 :] if answers else b""
    assert authorities == (1 if not answers and flags & 0xF in (0, 3) else 0)
    return flags & 0xF, data, reply


@pytest.mark.parametrize("text", ["allowed.test", "never-heard-of.example", "a.b.c.d", "10.in-addr.arpa", ""])
def test_every_name_is_the_proxy(text: str) -> None:
    assert ask(text)[:2] == (Rcode.NOERROR, PROXY.packed)


@pytest.mark.parametrize("qtype", [28, 65, 64, 15, 16, 33, 2, 12, 5, 6, 257, 65_280])
def test_other_types_are_empty(qtype: int) -> None:
    assert ask("api.test", qtype)[:2] == (Rcode.NOERROR, b"")


@pytest.mark.parametrize(
    ("text", "qtype", "data"),
    [
        ("api.test", 1, PROXY.packed),
        ("api.test", 28, PROXY6.packed),
        ("localhost", 28, b"\0" * 15 + b"\1"),
        ("api.test", 65, b""),
    ],
)
def test_with_an_address_of_each_family(text: str, qtype: int, data: bytes) -> None:
    assert ask(text, qtype, own=(PROXY6, PROXY))[:2] == (Rcode.NOERROR, data)


@pytest.mark.parametrize(
    ("text", "qtype", "data"),
    [
        ("localhost", 1, b"\x7f\0\0\1"),
        ("a.LOCALHOST", 1, b"\x7f\0\0\1"),
        ("localhost", 28, b"\0" * 15 + b"\1"),
        ("notlocalhost", 1, PROXY.packed),
    ],
)
def test_localhost(text: str, qtype: int, data: bytes) -> None:
    assert ask(text, qtype)[:2] == (Rcode.NOERROR, data)


def test_rcodes() -> None:
    assert ask("a.invalid")[0] == ask("INVALID")[0] == Rcode.NXDOMAIN
    assert ask("api.test", 1, 3)[0] == Rcode.REFUSED
    assert ask("api.test", 255)[1] == b"\x07RFC8482\0"


def test_the_case_of_the_name_is_echoed() -> None:
    assert name("ApI.tEsT") in ask("ApI.tEsT")[2]


def opt(version: int = 0, options: bytes = b"") -> bytes:
    return b"\0" + struct.pack("!HHIH", 41, 4096, version << 16, len(options)) + options


def test_edns_is_echoed_and_its_options_ignored() -> None:
    asked = struct.pack("!6H", 1, 0x0100, 1, 0, 0, 1) + question("api.test") + opt(0, b"\0\x0a\0\x08cookie!!")
    reply = answer(asked, PROXY).data
    assert reply is not None
    assert reply.endswith(b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0))


def test_another_edns_version() -> None:
    reply = answer(struct.pack("!6H", 1, 0x0100, 1, 0, 0, 1) + question("api.test") + opt(1), PROXY)
    assert reply.rcode == Rcode.BADVERS
    assert reply.data is not None
    assert reply.data.endswith(struct.pack("!HHIH", 41, 1232, 1 << 24, 0))


@pytest.mark.parametrize(
    ("asked", "rcode"),
    [
        (struct.pack("!6H", 1, 0x0100, 0, 0, 0, 0), Rcode.FORMERR),
        (struct.pack("!6H", 1, 0x0100, 2, 0, 0, 0) + question("a") * 2, Rcode.FORMERR),
        (struct.pack("!6H", 1, 0x0100, 1, 1, 0, 0) + question("a"), Rcode.FORMERR),
        (struct.pack("!6H", 1, 0x2100, 1, 0, 0, 0) + question("a"), Rcode.NOTIMP),
        (HEADER + question("a")[:-1], Rcode.FORMERR),
        (HEADER + b"\xc0\x0c\0\1\0\1", Rcode.FORMERR),
        (HEADER + b"\x40" + b"a" * 64 + b"\0\0\1\0\1", Rcode.FORMERR),
        (HEADER + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1", Rcode.FORMERR),
        (struct.pack("!6H", 1, 0x0100, 1, 0, 0, 2) + question("a") + opt() * 2, Rcode.FORMERR),
        (struct.pack("!6H", 1, 0x0100, 1, 0, 0, 1) + question("a"), Rcode.FORMERR),
    ],
)
def test_what_is_not_one_question(asked: bytes, rcode: Rcode) -> None:
    reply = answer(asked, PROXY)
    assert reply.rcode == rcode
    assert reply.data is not None
    assert struct.unpack_from("!6H", reply.data)[1] & 0xF == rcode


@pytest.mark.parametrize("asked", [b"", b"x" * 11, struct.pack("!6H", 1, 0x8100, 1, 0, 0, 0) + question("a")])
def test_what_is_dropped(asked: bytes) -> None:
    assert answer(asked, PROXY).data is None


def test_names_are_escaped_for_the_log() -> None:
    assert answer(HEADER + b"\x05a.b\n\\\0\0\1\0\1", PROXY).name == "a\\046b\\010\\092"


@given(st.binary(max_size=300))
def test_no_packet_breaks_it(data: bytes) -> None:
    reply = answer(data, PROXY)
    assert reply.data is None or len(reply.data) <= wire.UDP_SIZE


@given(st.binary(max_size=200), st.integers(0, 40))
def test_no_damaged_packet_breaks_it(noise: bytes, at: int) -> None:
    asked = struct.pack("!6H", 1, 0x0100, 1, 0, 0, 1) + question("api.example.test") + opt()
    answer(asked[:at] + noise + asked[at + 1 :], PROXY)


QUERY = wire.encode_query(7, "api.test", Type.A)


def reply(*records: bytes, flags: int = 0x8180, ident: int = 7, asked: bytes = QUERY[12:-11]) -> bytes:
    return struct.pack("!6H", ident, flags, 1, len(records), 0, 0) + asked + b"".join(records)


def record(owner: bytes, rtype: int, data: bytes, ttl: int = 30) -> bytes:
    return owner + struct.pack("!HHIH", rtype, 1, ttl, len(data)) + data


def test_an_answer_with_an_alias() -> None:
    answered = wire.parse_answer(
        reply(
            record(b"\xc0\x0c", 5, name("www.cdn.test"), 9),
            record(name("WWW.cdn.test"), 1, b"\x01\x02\x03\x04"),
            record(name("else.test"), 1, b"\x09\x09\x09\x09"),
        ),
        QUERY,
    )
    assert [str(address) for address in answered.addresses] == ["1.2.3.4"]
    assert answered.ttl == 9


@pytest.mark.parametrize(
    "data",
    [
        b"",
        reply(ident=8),
        reply(flags=0x0100),
        reply(asked=question("evil.test")),
        reply(record(b"\xc0\xff", 1, b"1234")),
        reply(record(b"\xc0\x0c", 5, b"\xc0\x40")),
        reply(record(b"\xc0\x0c", 1, b"1234"))[:-1],
    ],
)
def test_what_is_not_our_answer(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is for the log
        wire.parse_answer(data, QUERY)


@given(st.binary(max_size=200))
def test_no_answer_breaks_it(data: bytes) -> None:
    try:
        wire.parse_answer(QUERY[:2] + b"\x81\x80" + QUERY[4:6] + data, QUERY)
    except ValueError:
        return

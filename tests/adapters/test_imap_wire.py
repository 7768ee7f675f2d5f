import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airut.adapters.imap.wire import (
    MalformedResponse,
    ResponseReader,
    Value,
    modified_utf7,
    parse_fetch,
    parse_internal_date,
    parse_values,
    quoted,
)

STREAM = (
    b"* OK [CAPABILITY IMAP4rev1] ready {12}\r\n"
    b"* 1 FETCH (UID 7 BODY[] {9}\r\nA1 OK\r\n)( FLAGS (\\Seen))\r\n"
    b"* LIST () {1}\r\n/ {3}\r\na\r\nb"
    b"\r\n+ idling\r\nA1 OK done {3}\r\n"
).replace(b"{3}\r\na\r\nb", b"{4}\r\na\r\nb")
RESPONSES = [
    b"* OK [CAPABILITY IMAP4rev1] ready {12}",
    b"* 1 FETCH (UID 7 BODY[] {9}\r\nA1 OK\r\n)( FLAGS (\\Seen))",
    b"* LIST () {1}\r\n/ {4}\r\na\r\nb",
    b"+ idling",
    b"A1 OK done {3}",
]


@settings(deadline=None)  # the machine is shared; time is not what is tested
@given(st.lists(st.integers(1, 40), min_size=1))
def test_the_same_responses_however_the_stream_is_cut(sizes: list[int]) -> None:
    reader, found, rest = ResponseReader(), [], STREAM
    while rest:
        for size in sizes:
            found += reader.feed(rest[:size])
            rest = rest[size:]
    assert found == RESPONSES


def test_many_lines_at_once() -> None:
    assert len(ResponseReader().feed(b"* 1 EXISTS\r\n" * 100_000)) == 100_000


def test_endless_line() -> None:
    reader = ResponseReader()
    with pytest.raises(MalformedResponse):
        reader.feed(b"x" * 9 * 1024 * 1024)


def test_huge_literal() -> None:
    with pytest.raises(MalformedResponse):
        ResponseReader().feed(b"* 1 FETCH (BODY[] {999999999999}\r\n")


@pytest.mark.parametrize(
    ("response", "items"),
    [
        (
            b'3 FETCH (UID 7 RFC822.SIZE 44 INTERNALDATE "17-Jul-2026 02:44:25 -0700" FLAGS (\\Seen $x))',
            {
                "UID": b"7",
                "RFC822.SIZE": b"44",
                "INTERNALDATE": b"17-Jul-2026 02:44:25 -0700",
                "FLAGS": [b"\\Seen", b"$x"],
            },
        ),
        (b"3 FETCH (BODY[] {5}\r\n(\r\n)) UID 7)", {"BODY[]": b"(\r\n))", "UID": b"7"}),
        (
            b"3 fetch (BODY[HEADER.FIELDS (FROM TO)]<0> NIL uid 7)",
            {"BODY[HEADER.FIELDS (FROM TO)]<0>": None, "UID": b"7"},
        ),
        (b'3 FETCH (BODY[] "a\\"b\\\\c" X (() (A)))', {"BODY[]": b'a"b\\c', "X": [[], [b"A"]]}),
        (b"3 FETCH (BODY[] {0}\r\n)", {"BODY[]": b""}),
        (b"SEARCH 1 2", None),
    ],
)
def test_fetch(response: bytes, items: dict[str, Value] | None) -> None:
    assert parse_fetch(response) == items


@pytest.mark.parametrize(
    "response",
    [
        b"1 FETCH UID 7",
        b"1 FETCH (UID",
        b"1 FETCH (UID 7))",
        b'1 FETCH (X "a)',
        b"1 FETCH (UID)",
        b"1 FETCH (X {9}\r\na)",
    ],
)
def test_malformed_fetch(response: bytes) -> None:
    with pytest.raises(MalformedResponse):
        parse_fetch(response)


@settings(deadline=None)  # the machine is shared; time is not what is tested
@given(st.binary(max_size=80))
def test_values_of_anything(text: bytes) -> None:
    with contextlib.suppress(MalformedResponse):
        parse_values(text)


def test_internal_date() -> None:
    zone = timezone(timedelta(hours=-7, minutes=-30))
    assert parse_internal_date(b"17-Jul-2026 02:44:25 -0730") == datetime(2026, 7, 17, 2, 44, 25, tzinfo=zone)
    assert parse_internal_date(b" 7-jul-2026 02:44:25 +0000") == datetime(2026, 7, 7, 2, 44, 25, tzinfo=UTC)
    with pytest.raises(MalformedResponse):
        parse_internal_date(b"31-Feb-2026 02:44:25 +0000")


def test_names() -> None:
    assert modified_utf7("Entwürfe & mehr/台北") == "Entw&APw-rfe &- mehr/&U,BTFw-"
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'

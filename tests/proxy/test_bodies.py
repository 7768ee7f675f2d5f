"""Bodies that must be read: one reading or none, and never more than the limit."""

import gzip
import zlib

import brotli  # type: ignore[import-untyped]  # it has none
import pytest
import zstandard

from proxy import bodies
from proxy.bodies import TooLarge, Undecodable

TEXT = b'{"a":1}'
LIMIT = 1_000


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd,
}


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_coding_is_undone(coding: str) -> None:
    encoded = ENCODERS[coding](TEXT)
    assert bodies.decoded(encoded, ((b"Content-Encoding", coding.upper().encode()),), LIMIT) == TEXT


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_bomb_stops_at_the_limit(coding: str) -> None:
    encoded = ENCODERS[coding](bytes(10_000_000))
    with pytest.raises(TooLarge):
        bodies.decoded(encoded, ((b"content-encoding", coding.encode()),), LIMIT)
    assert (
        len(bodies.decoded(ENCODERS[coding](bytes(LIMIT)), ((b"content-encoding", coding.encode()),), LIMIT)) == LIMIT
    )


@pytest.mark.parametrize("coding", ENCODERS)
@pytest.mark.parametrize("fault", ["cut", "followed", "twice", "garbage", "empty"])
def test_what_two_servers_could_read_differently(coding: str, fault: str) -> None:
    whole = ENCODERS[coding](TEXT)
    given = {"cut": whole[:-1], "followed": whole + b"x", "twice": whole * 2, "garbage": b"not encoded", "empty": b""}
    with pytest.raises(Undecodable):
        bodies.decoded(given[fault], ((b"content-encoding", coding.encode()),), LIMIT)


def test_codings_in_order_and_over_several_fields() -> None:
    fields = ((b"Content-Encoding", b"gzip"), (b"content-encoding", b" br,"))
    assert bodies.decoded(brotli.compress(gzip.compress(TEXT)), fields, LIMIT) == TEXT
    assert bodies.decoded(TEXT, ((b"Content-Encoding", b"identity"),), LIMIT) == TEXT
    assert bodies.decoded(TEXT, (), LIMIT) == TEXT


@pytest.mark.parametrize("named", [b"compress", b"gzip;q=1", b"utf-8", b"gzip, gzip, gzip", b"aws-chunked"])
def test_codings_that_are_not_undone(named: bytes) -> None:
    with pytest.raises(Undecodable):
        bodies.decoded(gzip.compress(TEXT), ((b"Content-Encoding", named),), LIMIT)
    with pytest.raises(Undecodable):
        bodies.decoded(raw_deflate(TEXT), ((b"Content-Encoding", b"deflate"),), LIMIT)


@pytest.mark.parametrize(
    "text",
    [
        b"", b" ", b"{", b"{}{}", b"{} x", b"nul", b"'a'", b"{'a':1}", b'{"a":1,}', b"[1,]", b"// c\n{}", b"\xef\xbb\xbf{}",
        b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', b'[{"b":{"x":1,"x":1}}]', b"NaN", b"[Infinity]", b"-Infinity", b"\xff",
        '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-16-le"), '{"a":1}'.encode("utf-32"), b'"\xed\xa0\x80"',
        b"[" * 101 + b"]" * 101, b"[" * 200_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b"1" * 5_000, b'"\n"', b"01",
    ],
)  # fmt: skip
def test_what_is_not_json_with_one_reading(text: bytes) -> None:
    with pytest.raises(Undecodable):
        bodies.parsed(text)


@pytest.mark.parametrize(
    "text",
    [b"{}", b"[]", b"null", b'"x"', b"1.5e3", b'{"a":[1,{"a":2}]}', b"[" * 100 + b"]" * 100, b'"\\ud800"', b" {} \n"],
)
def test_what_is(text: bytes) -> None:
    bodies.parsed(text)


def test_it_is_written_in_one_line_and_keeps_every_character() -> None:
    text = '{"a":"é😀\\ud800\\n","b":[1.5,true,null],"c":{}}'
    assert bodies.serialised(bodies.parsed(text.encode())) == text.encode()

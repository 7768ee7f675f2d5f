"""Which responses are searched, and how they are framed then."""

import gzip

import pytest

from proxy import responses
from proxy.acceptance import Fields
from proxy.block import Refused
from proxy.scrub import Needles

REAL, SURROGATE = "real-value-0123456789", "fake-value-0123456789"
NEEDLES = Needles([(REAL, SURROGATE)])
LONGER = Needles([("12345678", "airut-0123456789")])


@pytest.mark.parametrize(
    ("kind", "is_text"),
    [
        ("text/html; charset=utf-8", True),
        ("text/event-stream", True),
        ("application/json", True),
        ("application/vnd.github+json", True),
        ("application/problem+XML", True),
        ("image/svg+xml", True),
        ("application/x-www-form-urlencoded", True),
        ("application/javascript", True),
        ("application/octet-stream", False),
        ("application/gzip", False),
        ("image/png", False),
        ("application/vnd.jsonless", False),
        ("", None),
    ],
)
def test_text_by_its_type(kind: str, is_text: bool | None) -> None:
    assert responses.is_text(kind) is is_text


def scrubbed(*pieces: bytes, kind: str | None = "text/plain", encoding: str | None = None) -> bytes:
    fields: Fields = ()
    if kind is not None:
        fields += ((b"Content-Type", kind.encode()),)
    if encoding is not None:
        fields += ((b"content-encoding", encoding.encode()),)
    body = responses.body(fields, NEEDLES)
    if body is None:
        return b"".join(pieces)
    return b"".join(out for piece in (*pieces, b"") for out in body.feed(piece))


def test_text_is_scrubbed_and_binary_is_not() -> None:
    assert scrubbed(b"a real-val", b"ue-0123456789 b") == b"a fake-value-0123456789 b"
    assert scrubbed(REAL.encode(), kind="application/octet-stream") == REAL.encode()


@pytest.mark.parametrize("lead", [b"", b"x" * 1023 + "é".encode(), b"x" * 3000])
def test_without_a_type_the_beginning_tells(lead: bytes) -> None:
    assert scrubbed(lead, REAL.encode(), kind=None) == lead + SURROGATE.encode()
    binary = b"\x89PNG\xff" + lead
    assert scrubbed(binary, REAL.encode(), kind=None) == binary + REAL.encode()


def test_encoded_text_is_decoded() -> None:
    assert scrubbed(gzip.compress(b"a " + REAL.encode()), encoding="gzip") == b"a " + SURROGATE.encode()


def test_text_that_cannot_be_decoded_is_refused() -> None:
    with pytest.raises(Refused, match="response_not_inspectable: Content-Encoding dcb"):
        scrubbed(b"", encoding="dcb")
    assert scrubbed(b"x", encoding="dcb", kind="image/png") == b"x"


def test_without_values_nothing_is_touched() -> None:
    assert responses.body(((b"Content-Type", b"text/plain"), (b"Content-Encoding", b"dcb")), Needles()) is None


def test_fields() -> None:
    fields = ((b"Location", b"/?t=" + REAL.encode()), (b"Set-Cookie", b"a=" + REAL.encode()), (b"A", b"b"))
    clean = ((b"Location", b"/?t=" + SURROGATE.encode()), (b"Set-Cookie", b"a=" + SURROGATE.encode()), (b"A", b"b"))
    assert responses.scrub_fields(fields, NEEDLES) == (clean, 2)


LENGTH, CODING, ETAG = (b"Content-Length", b"9"), (b"Content-Encoding", b"gzip"), (b"ETag", b'"x"')
CHUNKED = (b"Transfer-Encoding", b"chunked")


@pytest.mark.parametrize(
    ("fields", "needles", "chunked", "expected"),
    [
        ((LENGTH, ETAG), NEEDLES, True, (LENGTH, ETAG)),
        ((LENGTH, ETAG), LONGER, True, (ETAG, CHUNKED)),
        ((LENGTH, CODING), NEEDLES, True, (CHUNKED,)),
        ((LENGTH, CODING), NEEDLES, False, ()),
        ((CODING, CHUNKED), NEEDLES, True, (CHUNKED,)),
        ((CODING, ETAG), LONGER, True, (ETAG,)),  # ends with the connection, whatever its length
    ],
)
def test_framing(fields: Fields, needles: Needles, chunked: bool, expected: Fields) -> None:
    assert responses.reframe(fields, keeps_length=needles.keeps_length, chunked=chunked) == expected


def test_a_request_asks_only_for_codings_that_can_be_undone() -> None:
    asked = ((b"Accept-Encoding", b"gzip, dcb"), (b"Accept", b"dcb"))
    assert responses.limit_codings(asked) == ((b"Accept-Encoding", b"gzip"), (b"Accept", b"dcb"))

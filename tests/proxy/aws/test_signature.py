"""Signatures are read in one way or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.acceptance import Fields
from proxy.aws.signature import Malformed, Signature, authorization, read

DATE = (b"X-Amz-Date", b"20260102T030405Z")
CREDENTIAL = "AKIAX/20260102/eu-north-1/s3/aws4_request"
LINE = f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature={'0a' * 32}"
LINE_A = LINE.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256").replace("eu-north-1/", "")
QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + CREDENTIAL.replace("/", "%2F")
    + "&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=" + "0a" * 32
)  # fmt: skip
FOUND = Signature(
    algorithm="AWS4-HMAC-SHA256", key_id="AKIAX", date="20260102", region="eu-north-1", service="s3",
    timestamp="20260102T030405Z", signed=("host", "x-amz-date"), value="0a" * 32,
)  # fmt: skip


def header(line: str) -> Fields:
    return ((b"Authorization", line.encode("latin-1")), DATE)


def test_the_header() -> None:
    assert read(header(LINE), b"a=b") == FOUND
    assert read(header(LINE.replace(", ", ",")), b"") == FOUND
    assert authorization(FOUND, "AKIAX", FOUND.value).decode() == LINE
    asymmetric = read(header(LINE_A), b"")
    assert asymmetric is not None
    assert (asymmetric.algorithm, asymmetric.region, asymmetric.scope) == (
        "AWS4-ECDSA-P256-SHA256", "", "20260102/s3/aws4_request",
    )  # fmt: skip


def test_the_query() -> None:
    found = read((), QUERY.encode())
    assert found is not None
    assert (found.presigned, found.expires, found.signed, found.scope) == (True, 3600, ("host",), FOUND.scope)


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ((), b""),
        (((b"Authorization", b"Bearer x"),), b""),
        (((b"Authorization", b"AWS id:sig"),), b""),
        ((DATE,), b"a=b"),
    ],
)
def test_none(fields: Fields, query: bytes) -> None:
    assert read(fields, query) is None


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        (header(LINE) + header(LINE)[:1], ""),
        (header(LINE), QUERY),
        ((*header(LINE), (b"authorization", b"Bearer x")), ""),
        ((*header(LINE), DATE), ""),
        (header(LINE)[:1], ""),
        (header(LINE.replace("Signature=", "Sig=")), ""),
        (header(LINE + ", Signature=00"), ""),
        (header(LINE + ", X=y"), ""),
        (header(LINE.replace("aws4_request", "aws4")), ""),
        (header(LINE.replace("AKIAX/", "AK/IAX/")), ""),
        (header(LINE.replace("eu-north-1/", "")), ""),
        (header(LINE_A.replace("/s3", "/eu/s3")), ""),
        (header(LINE.replace("HMAC", "RSA")), ""),
        (header(LINE.replace("host;", "")), ""),
        (header(LINE.replace("host;", "host;host;")), ""),
        (header(LINE.replace("host;", "Host;")), ""),
        (header(LINE.replace("0a", "0A")), ""),
        (header(LINE.replace("20260102/", "20260103/")), ""),
        ((header(LINE)[0], (b"X-Amz-Date", b"20260132T030405Z")), ""),
        ((header(LINE.replace("20260102/", "20260132/"))[0], (b"X-Amz-Date", b"20260132T030405Z")), ""),
        ((), QUERY + "&X-Amz-Signature=00"),
        ((), QUERY + "&x-amz-signature=00"),
        ((), QUERY + "&X-Amz-%53ignature=00"),
        ((), QUERY.replace("X-Amz-Expires=3600", "X-Amz-Expires=0")),
        ((), QUERY.replace("X-Amz-Expires=3600", "X-Amz-Expires=1e3")),
        ((), QUERY.replace("X-Amz-Expires=3600&", "")),
        ((), "X-Amz-Credential=a"),
    ],
)
def test_malformed(fields: Fields, query: str) -> None:
    with pytest.raises(Malformed) as raised:
        read(fields, query.encode())
    assert "AKIAX" not in str(raised.value)


PIECE = st.sampled_from(
    ["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", " ", ",", ", ", "=", "Credential=", "SignedHeaders=", "Signature=", "/",
     CREDENTIAL, "20260102", "aws4_request", "host", ";", "0a" * 32, "\t", "é", "\x00", LINE, LINE_A]
)  # fmt: skip
TEXT = st.one_of(st.text(max_size=40), st.lists(PIECE, max_size=12).map("".join))


@given(TEXT, st.one_of(TEXT, st.just("20260102T030405Z")), TEXT)
def test_whatever_comes_it_is_read_in_one_way_or_refused(line: str, date: str, query: str) -> None:
    fields = ((b"Authorization", line.encode()), (b"X-Amz-Date", date.encode()))
    try:
        found = read(fields, query.encode())
    except Malformed:
        return
    if found is not None:
        assert not found.presigned
        again = (b"Authorization", authorization(found, found.key_id, found.value))
        assert read((again, fields[1]), b"") == found


PARAMETER = st.sampled_from(QUERY.split("&")).flatmap(
    lambda pair: st.sampled_from([pair, pair.lower(), pair.upper(), pair.replace("=", "%3D"), pair + "0", pair[:-1]])
)


@given(st.lists(PARAMETER, max_size=9), st.booleans())
def test_a_query_has_each_parameter_once(parameters: list[str], whole: bool) -> None:
    query = "&".join([QUERY, *parameters] if whole else parameters)
    try:
        found = read((), query.encode())
    except Malformed:
        return
    if found is not None:
        names = [pair.split("=")[0] for pair in query.split("&")]
        assert sum(name == "X-Amz-Signature" for name in names) == 1
        assert sum(name == "X-Amz-Credential" for name in names) == 1

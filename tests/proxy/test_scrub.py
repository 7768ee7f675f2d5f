"""Real values are found in every writing and at every cut, and turned into surrogates."""

import base64
import itertools
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.scrub import Needles, Scrubber

REAL, SURROGATE = 'ghp_aB3/cD4+eF5"gH6=iJ7kL8', 'ghp_Zy9/Xw8+Vu7"Ts6=Rq5pO4'
NEEDLES = Needles([(REAL, SURROGATE)])


def encoded(text: str, before: bytes = b"") -> bytes:
    return base64.b64encode(before + text.encode())


@pytest.mark.parametrize(
    "write",
    [
        str.encode,
        lambda text: quote(text, safe="").encode(),
        lambda text: quote(text).encode(),
        lambda text: _lower(quote(text, safe="")),
        lambda text: json.dumps(text)[1:-1].encode(),
        lambda text: json.dumps(text)[1:-1].replace("/", "\\/").encode(),
        lambda text: text.replace('"', "&quot;").encode(),
    ],
    ids=["plain", "percent", "percent but the slash", "lower percent", "json", "json with \\/", "html"],
)
def test_each_writing(write) -> None:  # type: ignore[no-untyped-def]
    text = b"before " + write(REAL) + b" after " + write(REAL)
    assert NEEDLES.replace(text) == (b"before " + write(SURROGATE) + b" after " + write(SURROGATE), 2)


def _lower(text: str) -> bytes:
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])]).encode()


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"user:", b"x-access-token:"])
@pytest.mark.parametrize("after", [b"", b"z", b"zz", b"\n"])
def test_base64_at_each_alignment(before: bytes, after: bytes) -> None:
    clean, found = NEEDLES.replace(base64.b64encode(before + REAL.encode() + after))
    assert found == 1
    decoded = base64.b64decode(clean)
    # The characters at the value's ends hold bits of what is beside it and stay: its first and last byte may be mixed.
    assert len(decoded) == len(before + REAL.encode() + after)
    assert decoded.startswith(before)
    assert decoded.endswith(after)
    assert decoded[len(before) + 1 : len(before) + len(REAL) - 1] == SURROGATE.encode()[1:-1]


def test_base64_of_another_length_keeps_its_own() -> None:
    needles = Needles([("real-value", "airut-0123456789abcdef0123456789")])
    text = base64.b64encode(b"abc real-value def ghi")
    clean, found = needles.replace(text)
    assert found == 1
    assert len(clean) == len(text)
    assert base64.b64decode(clean).endswith(b" def ghi")
    assert b"real-val" not in base64.b64decode(clean)


def test_short_values_are_not_searched_for() -> None:
    assert not Needles([("1234567", "airut-x")])
    assert Needles([("12345678", "airut-x")]).replace(b"12345678") == (b"airut-x", 1)


def test_of_two_values_that_begin_alike_the_longer_one_is_meant() -> None:
    needles = Needles([("abcdefgh", "SHORT"), ("abcdefghij", "LONG")])
    for cut in range(12):
        scrubber = Scrubber(needles)
        text = b"-abcdefghij-"
        assert scrubber.feed(text[:cut]) + scrubber.feed(text[cut:]) + scrubber.finish() == b"-LONG-"


def test_only_what_may_begin_a_value_is_held_back() -> None:
    scrubber = Scrubber(NEEDLES)
    assert scrubber.feed(b"data: hello\n\n") == b"data: hello\n\n"
    assert scrubber.feed(b"data: ghp_aB3/") == b"data: "
    assert scrubber.feed(b"no\n\n") == b"ghp_aB3/no\n\n"
    assert scrubber.feed(b"ghp_") == b""
    assert scrubber.finish() == b"ghp_"


TEXT = st.lists(
    st.one_of(
        st.binary(max_size=5),
        st.integers(0, len(REAL)).map(lambda cut: REAL[:cut].encode()),
        st.sampled_from([REAL.encode(), quote(REAL, safe="").encode(), base64.b64encode(b"u:" + REAL.encode())]),
    ),
    max_size=8,
).map(b"".join)


@given(TEXT, st.lists(st.integers(0, 300), max_size=6))
def test_however_it_is_cut_the_same_comes_out(text: bytes, cuts: list[int]) -> None:
    whole, found = NEEDLES.replace(text)
    scrubber = Scrubber(NEEDLES)
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(edges)]
    assert b"".join([*(scrubber.feed(piece) for piece in pieces), scrubber.finish()]) == whole
    assert scrubber.count == found
    assert REAL.encode() not in whole


def test_split_at_every_byte() -> None:
    for write in (str.encode, lambda text: quote(text, safe="").encode(), lambda text: encoded(text, b"u:")):
        text = b"a" + write(REAL) + b"z"
        expected, _ = NEEDLES.replace(text)
        scrubber = Scrubber(NEEDLES)
        assert b"".join([*(scrubber.feed(text[i : i + 1]) for i in range(len(text))), scrubber.finish()]) == expected

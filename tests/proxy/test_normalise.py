"""network.md §4.1, row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.normalise import TargetRefused, read_target


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"/a b", "forbidden_byte"),
        (b"/a\tb", "forbidden_byte"),
        (b"/a\x7f", "forbidden_byte"),
        (b"/caf\xc3\xa9", "forbidden_byte"),
        (b"/a#b", "forbidden_byte"),
        (b"/a\\b", "forbidden_byte"),
        (b"/a?b#c", "forbidden_byte"),
        (b"/a%5cb", "forbidden_byte"),
        (b"/a%00", "forbidden_byte"),
        (b"/a%0d%0a", "forbidden_byte"),
        (b"/a%7f", "forbidden_byte"),
        (b"/a%c2%85", "forbidden_byte"),
        (b"/a%ff", "forbidden_byte"),
        (b"/a%c0%ae", "forbidden_byte"),
        (b"/a%", "bad_escape"),
        (b"/a%2", "bad_escape"),
        (b"/a%zz", "bad_escape"),
        (b"/%252e%252e/x", "double_encoded"),
        (b"/a%252fb", "double_encoded"),
        (b"/a%25%32%65", "double_encoded"),
        (b"/a/.", "dot_segment"),
        (b"/a/./b", "dot_segment"),
        (b"/a/../b", "dot_segment"),
        (b"/a/..", "dot_segment"),
        (b"/a/%2e%2E/b", "dot_segment"),
        (b"/a/.%2E/b", "dot_segment"),
        (b"/a/..;x/b", "dot_segment"),
        (b"/a/..%3Bx/b", "dot_segment"),
        (b"/a%2F../b", "dot_segment"),
        (b"/a%2f%2e%2e%2fb", "dot_segment"),
        (b"/..?x=1", "dot_segment"),
        (b"", "not_origin_form"),
        (b"a/b", "not_origin_form"),
        (b"http://x/", "not_origin_form"),
        (b"*", "asterisk_form"),
    ],
)
def test_a_target_with_two_readings_is_refused(raw: bytes, detail: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        read_target(raw, "GET")
    assert refused.value.detail == detail


@pytest.mark.parametrize(
    ("raw", "path", "query"),
    [
        (b"/", "/", None),
        (b"/a?", "/a", ""),
        (b"/a?b?c", "/a", "b?c"),
        (b"/a%20b", "/a b", None),
        (b"/caf%C3%A9", "/café", None),
        (b"/@scope%2fname", "/@scope%2Fname", None),
        (b"/a%25zz", "/a%zz", None),
        (b"/100%25", "/100%", None),
        (b"/...", "/...", None),
        (b"/.git/x", "/.git/x", None),
        (b"/a?x=100%&y=../..", "/a", "x=100%&y=../.."),
    ],
)
def test_what_is_matched(raw: bytes, path: str, query: str | None) -> None:
    target = read_target(raw, "GET")
    assert (target.path, target.query) == (path, query)


@pytest.mark.parametrize(
    ("raw", "readings"),
    [
        (b"/a/b", {"/a/b"}),
        (b"/a;v=1/b", {"/a;v=1/b", "/a/b"}),
        (b"/a//b", {"/a//b", "/a/b"}),
        (b"/a/;x/b", {"/a/;x/b", "/a//b", "/a/b"}),
        (b"//a;x//b", {"//a;x//b", "//a//b", "/a;x/b", "/a/b"}),
    ],
)
def test_every_reading_is_there(raw: bytes, readings: set[str]) -> None:
    assert set(read_target(raw, "GET").readings) == readings


def test_the_asterisk_is_for_options_alone() -> None:
    assert read_target(b"*", "OPTIONS").path == "*"


@given(st.binary(max_size=60))
def test_no_target_breaks_it(raw: bytes) -> None:
    try:
        target = read_target(b"/" + raw, "GET")
    except TargetRefused:
        return
    pieces = target.path.replace("%2F", "/").split("/")
    assert ".." not in pieces
    assert "\\" not in target.path

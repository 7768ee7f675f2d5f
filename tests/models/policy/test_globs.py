"""Patterns compared with each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.policy import globs
from proxy import glob

PATTERNS = st.text("ab*?", max_size=6)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("*", "", True),
        ("*", "a?*", True),
        ("*.a.b", "c.a.b", True),
        ("*.a.b", "*.c.a.b", True),
        ("*.a.b", "a.b", False),
        ("a?", "a*", False),
        ("a*", "a?", True),
        ("*?", "?*", True),
        ("a*b", "a*c*b", True),
        ("a*b", "a*b*", False),
        ("a.b", "axb", False),
        ("[a]", "a", False),
    ],
)
def test_what_covers_what(outer: str, inner: str, expected: bool) -> None:
    assert globs.covers(outer, inner) is expected


@given(PATTERNS, PATTERNS, st.text("ab", max_size=6))
def test_a_yes_is_sure(outer: str, inner: str, text: str) -> None:
    """By the proxy's own matching: nothing that the inner pattern admits is refused by one that covers it."""
    if globs.covers(outer, inner) and glob.matches(inner, text):
        assert glob.matches(outer, text)

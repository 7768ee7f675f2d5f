"""The two wildcards of the policy language: `*` is any run of characters, `?` is one; everything else is literal."""

from __future__ import annotations

import re
from functools import lru_cache

WILDCARDS = frozenset("*?")


def is_wildcard(pattern: str) -> bool:
    """Whether the pattern can match more than one text."""
    return not WILDCARDS.isdisjoint(pattern)


@lru_cache(maxsize=16_384)  # A policy has at most 2,000 entries; each is compiled once, not once a request.
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression that never backtracks over a `*` it has passed.

    Pieces between stars have a fixed length, so the leftmost match of each is always good enough, and an atomic group
    keeps a hostile target from costing more than its length times the pattern's.
    """
    first, *rest = ["".join("." if c == "?" else re.escape(c) for c in piece) for piece in pattern.split("*")]
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in middle) + f".*{last}", re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches, case-sensitively."""
    return compiled(pattern).fullmatch(text) is not None

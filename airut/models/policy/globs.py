"""Patterns of the policy language, compared with each other (network.md §4.2)."""

import re
from functools import lru_cache

_RUN = re.compile(r"[*?]*\*[*?]*")


def is_wildcard(pattern: str) -> bool:
    """Whether a pattern can match more than one text."""
    return "*" in pattern or "?" in pattern


def covers(outer: str, inner: str) -> bool:
    """Whether `outer` matches every text that `inner` does. Sure when it says yes; some odd pairs are missed."""
    if not is_wildcard(outer):
        return outer == inner
    begin, end, compiled = _compiled(outer)
    # Nearly all pairs differ here already, and a file of 2,000 entries has two million pairs.
    return inner.startswith(begin) and inner.endswith(end) and compiled.fullmatch(_ordered(inner)) is not None


def overlap(one: str, other: str) -> bool:
    """Whether one of two patterns lies within the other, which is how host patterns meet in practice."""
    return covers(one, other) or covers(other, one)


def _ordered(pattern: str) -> str:
    """Each run of wildcards in one order: `*?*` and `?*` match the same."""
    return _RUN.sub(lambda run: "?" * run[0].count("?") + "*", pattern)


@lru_cache(maxsize=4_096)  # of at most 2,000 entries, each has a host and a path
def _compiled(outer: str) -> tuple[str, str, re.Pattern[str]]:
    """How what it covers begins and ends, and the whole: the inner pattern is matched as a text, in which a star can
    only be part of what a star of the outer one takes."""
    wildcards = [index for index, character in enumerate(outer) if character in "*?"]
    parts = {"*": ".*", "?": "[^*]"}
    pattern = "".join(parts.get(character) or re.escape(character) for character in _ordered(outer))
    return outer[: wildcards[0]], outer[wildcards[-1] + 1 :], re.compile(pattern, re.DOTALL)

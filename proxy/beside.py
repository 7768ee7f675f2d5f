"""What stands beside a surrogate in one field value: some servers would take that for the credential (§5)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from proxy import swap
from proxy.rules import Credential

_WORDS = re.compile(rb"[\s,;=:\"'&()<>]+")
# By how they begin, or by a run that no name has: letters and digits mixed, as long as the shortest tokens are.
_KNOWN = re.compile(
    rb"(?:gh[posur]_|github_pat_|gl[a-z]{2,4}-|sk-|xox[abps]-|xapp-|npm_|hf_|dckr_pat_|pypi-|A[KS]IA|eyJ)\S{8}"
)
_RUN = re.compile(rb"[A-Za-z0-9+/]{20,}")


def is_mixed(value: bytes, ours: Iterable[Credential]) -> bool:
    """Whether a value that holds surrogates holds what looks like a credential as well, Basic's encoding included."""
    parts = swap.basic_parts(value)
    rest = value if parts is None else b" ".join(parts)
    for credential in ours:
        rest = rest.replace(credential.surrogate.encode(), b" ")
    return any(_looks_like_one(word) for word in _WORDS.split(rest))


def _looks_like_one(word: bytes) -> bool:
    if _KNOWN.match(word):
        return True
    runs = (run.group() for run in _RUN.finditer(word))
    return any(re.search(rb"[A-Za-z]", run) and re.search(rb"[0-9]", run) for run in runs)


def own_cookies(value: bytes, ours: Iterable[Credential]) -> bytes:
    """A Cookie field (RFC 6265 §4.2.1) without the pairs that look like credentials and are not ours."""
    surrogates = [credential.surrogate.encode() for credential in ours]
    kept = [
        pair
        for pair in value.split(b";")
        if any(surrogate in pair for surrogate in surrogates) or not any(map(_looks_like_one, _WORDS.split(pair)))
    ]
    return b";".join(kept).strip()

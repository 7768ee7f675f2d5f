"""Real values in what comes back, turned into their surrogates again (credentials.md §4.1)."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from urllib.parse import quote, quote_plus

MIN_LENGTH = 8  # characters; a shorter value would be found in innocent text

Pair = tuple[str, str]
"""A real value, and the surrogate that stands for it."""


def _lower_escapes(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda escape: escape.group().lower(), text)


_WRITINGS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: quote(text, safe=""),
    lambda text: quote(text),  # with the slash left as it is, as many servers do in paths
    quote_plus,
    lambda text: _lower_escapes(quote(text, safe="")),
    lambda text: _lower_escapes(quote(text)),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    html.escape,
)
_ALPHABETS = (b"+/", b"-_")


def forms(real: str, surrogate: str) -> Iterator[tuple[bytes, bytes]]:
    """Each way in which a value may be written, with its surrogate written the same way."""
    for writing in _WRITINGS:
        yield writing(real).encode(), writing(surrogate).encode()
    for alignment in range(3):
        for alphabet in _ALPHABETS:
            core = _base64_core(real.encode(), alignment, alphabet)
            fill = _base64_core(surrogate.encode(), alignment, alphabet)
            # As long as what it replaces, or all that follows in the encoded text would decode to something else.
            yield core, (fill * (len(core) // len(fill) + 1))[: len(core)]


def _base64_core(text: bytes, alignment: int, alphabet: bytes) -> bytes:
    """The characters that a text gives wherever it stands in an encoded one, so many bytes after a multiple of three.

    The characters at its ends hold bits of its neighbours as well and are left out: at most four bits of its own at
    either end.
    """
    encoded = base64.b64encode(bytes(alignment) + text, alphabet)
    return encoded[-(-alignment * 8 // 6) : (alignment + len(text)) * 8 // 6]


class Needles:
    """What is searched for, prepared once for all responses."""

    def __init__(self, pairs: Iterable[Pair] = ()) -> None:
        self.replacements: dict[bytes, bytes] = {}
        for real, surrogate in pairs:
            if len(real) >= MIN_LENGTH:
                for needle, replacement in forms(real, surrogate):
                    self.replacements.setdefault(needle, replacement)
        self.keeps_length = all(len(a) == len(b) for a, b in self.replacements.items())
        self._longest = max(map(len, self.replacements), default=0)
        self._by_first: dict[int, list[bytes]] = {}
        for needle in self.replacements:
            self._by_first.setdefault(needle[0], []).append(needle)

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        """Compiled when a value was seen for the first time: for tokens of kilobytes it takes half a second."""
        # Longest first: of two that begin at one place, the longer one is meant.
        ordered = sorted(self.replacements, key=len, reverse=True)
        return re.compile(b"|".join(re.escape(needle) for needle in ordered))

    def __bool__(self) -> bool:
        return bool(self.replacements)

    def search(self, text: bytes, start: int) -> re.Match[bytes] | None:
        """The first value at or after a place. Most texts hold none, and `in` tells that far faster than `re`."""
        if not any(needle in text for needle in self.replacements):
            return None
        return self._pattern.search(text, start)

    def open_end(self, text: bytes, start: int) -> int:
        """Where the longest end of a text begins that may be the beginning of a value; its length if there is none."""
        for i in range(max(start, len(text) - self._longest + 1), len(text)):
            candidates = self._by_first.get(text[i])
            if candidates and any(needle.startswith(text[i:]) for needle in candidates):
                return i
        return len(text)

    def replace(self, text: bytes) -> tuple[bytes, int]:
        """A whole text, and how many values it held."""
        scrubber = Scrubber(self)
        return scrubber.feed(text) + scrubber.finish(), scrubber.count


class Scrubber:
    """One text in pieces: however it is cut, the same comes out, and only what may begin a value is held back."""

    def __init__(self, needles: Needles) -> None:
        self._needles = needles
        self._held = b""
        self.count = 0

    def feed(self, piece: bytes) -> bytes:
        """As much as can be decided after one more piece."""
        return self._run(self._held + piece, final=False)

    def finish(self) -> bytes:
        """The rest."""
        return self._run(self._held, final=True)

    def _run(self, text: bytes, *, final: bool) -> bytes:
        done: list[bytes] = []
        start = 0
        while True:
            end = len(text) if final else self._needles.open_end(text, start)
            found = self._needles.search(text, start)
            if found is None or found.start() >= end:
                done.append(text[start:end])
                self._held = text[end:]
                return b"".join(done)
            done += [text[start : found.start()], self._needles.replacements[found.group()]]
            self.count += 1
            start = found.end()

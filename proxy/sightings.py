"""Surrogates in what is sent on unswapped: worth nothing there, and worth a remark in the log (credentials.md §3)."""

from __future__ import annotations

from collections.abc import Iterable

MAX_SEARCHED = 1024**2  # bytes of one body, or of all messages of one WebSocket: a remark is not worth more time


class Sightings:
    """Looks at one body, or one WebSocket's messages, as they go by in pieces."""

    def __init__(self, surrogates: Iterable[str] = ()) -> None:
        self._needles = [surrogate.encode() for surrogate in surrogates]
        self._kept = max(map(len, self._needles), default=1) - 1
        self._left = MAX_SEARCHED
        self._end = b""

    def is_in(self, piece: bytes) -> bool:
        """Whether a surrogate ends in this piece; once one was seen, nothing more is looked at."""
        if not self._needles or self._left <= 0:
            return False
        text = self._end + piece[: self._left]
        self._left -= len(piece)
        self._end = text[max(0, len(text) - self._kept) :] if self._kept else b""
        if not any(needle in text for needle in self._needles):
            return False
        self._left = 0
        return True

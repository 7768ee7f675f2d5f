"""A text of an agent's, cut to what a page shows at once."""

from airut.models.base import Model
from airut.models.values.visible import clean

LINES = 20
SIZE = 16 * 1024
"""Bytes of UTF-8. With the lines this is what a reader takes in; the rest is one click away."""
TEXT_LINES = 200
"""Of what the agent says itself: its words are what one came to read."""
WHOLE_SIZE = 2 * 1024**2
"""What a page shows of one text at most, also when all is asked for: a browser still scrolls through that."""


class Clip(Model):
    """`lines` and `size` (bytes) say how much was left out."""

    text: str = ""
    lines: int = 0
    size: int = 0

    @property
    def is_cut(self) -> bool:
        return bool(self.lines or self.size)


def clip(text: str, lines: int | None = LINES) -> Clip:
    """The beginning of a text. `lines` None is all of it, as far as a browser can show it."""
    encoded = text.strip("\n").encode("utf-8", "replace")
    size = WHOLE_SIZE if lines is None else SIZE
    kept = encoded[:size].decode("utf-8", "ignore")
    if lines is not None:
        kept = "\n".join(kept.split("\n", lines)[:lines])
    left = encoded[len(kept.encode()) :]
    return Clip(text=clean(kept), lines=left.count(b"\n"), size=len(left) if left.strip(b"\n") else 0)

"""A table as lines of equal width, for a font in which every character has one (spec: slack §10). Pure."""

import unicodedata
from collections.abc import Sequence

from markdown_it.tree import SyntaxTreeNode

from airut.adapters.slack.text.inline import plain


def width(text: str) -> int:
    """Columns on the screen: wide East Asian characters take two, marks on another character none (UAX #11)."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def table(node: SyntaxTreeNode) -> list[str]:
    """Its rows, the head parted from the rest by dashes."""
    rows = [row for part in node.children for row in part.children]
    texts = [[" ".join(plain(cell).split()) for cell in row.children] for row in rows]
    aligned = [str(cell.attrs.get("style", "")).removeprefix("text-align:") for cell in rows[0].children]
    widths = [max(width(row[column]) for row in texts) for column in range(len(aligned))]
    dashes = "-+-".join("-" * size for size in widths)
    lines = [_line(row, widths, aligned) for row in texts]
    return [lines[0], dashes, *lines[1:]]


def _line(cells: Sequence[str], widths: Sequence[int], aligned: Sequence[str]) -> str:
    return " | ".join(map(_cell, cells, widths, aligned)).rstrip()


def _cell(text: str, size: int, aligned: str) -> str:
    room = size - width(text)
    before = {"right": room, "center": room // 2}.get(aligned, 0)
    return " " * before + text + " " * (room - before)

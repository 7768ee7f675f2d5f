"""An edit as the lines that it takes away and adds."""

import difflib
from typing import Literal

from airut.dashboard.timeline.clip import LINES, SIZE, WHOLE_SIZE
from airut.models.base import Model
from airut.models.values.visible import clean

COMPARED_MOST = 1_000
"""Lines of both sides together that are compared: the time grows with their square, and an agent can write anything.
Beyond that all of the old stands before all of the new."""


class DiffLine(Model):
    sign: Literal["+", "-", " "]
    text: str


class Diff(Model):
    shown: tuple[DiffLine, ...] = ()
    left: int = 0
    """Lines that were left out."""


def diff(changes: tuple[tuple[str, str], ...], lines: int | None = LINES) -> Diff:
    """Pairs of an old and a new text, one below the other. `lines` None is all of it."""
    found = [line for old, new in changes for line in _lines(old.splitlines(), new.splitlines())]
    most, left_bytes = len(found) if lines is None else lines, WHOLE_SIZE if lines is None else SIZE
    shown: list[DiffLine] = []
    for line in found[:most]:
        left_bytes -= len(line.text.encode("utf-8", "replace")) + 1
        if left_bytes < 0:
            break
        shown.append(line.model_copy(update={"text": clean(line.text)}))
    return Diff(shown=tuple(shown), left=len(found) - len(shown))


def _lines(old: list[str], new: list[str]) -> list[DiffLine]:
    if len(old) + len(new) > COMPARED_MOST:
        return [*(DiffLine(sign="-", text=line) for line in old), *(DiffLine(sign="+", text=line) for line in new)]
    found: list[DiffLine] = []
    for what, i, j, k, m in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if what == "equal":
            found.extend(DiffLine(sign=" ", text=line) for line in old[i:j])
        else:
            found.extend(DiffLine(sign="-", text=line) for line in old[i:j])
            found.extend(DiffLine(sign="+", text=line) for line in new[k:m])
    return found

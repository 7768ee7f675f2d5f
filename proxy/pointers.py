"""JSON pointers (RFC 6901), in which `*` stands for each element of a list and each member of an object."""

from __future__ import annotations

import re
from collections.abc import Callable

from proxy.bodies import Json

_FORM = re.compile(r"(?:/(?:[^~/]|~[01])*)*\Z")


def is_pointer(text: str) -> bool:
    """Whether a text has the form of a pointer; the empty one is the whole document."""
    return bool(_FORM.match(text))


def changed(document: Json, pointer: str, change: Callable[[Json], Json]) -> Json:
    """The document with `change` made of each value that the pointer names; of none, if it names nothing there."""
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    return _changed(document, tokens, change)


def _changed(node: Json, tokens: list[str], change: Callable[[Json], Json]) -> Json:
    if not tokens:
        return change(node)
    token, rest = tokens[0], tokens[1:]
    if isinstance(node, dict):
        return {name: _changed(v, rest, change) if token in ("*", name) else v for name, v in node.items()}
    if isinstance(node, list):
        return [_changed(v, rest, change) if token in ("*", str(i)) else v for i, v in enumerate(node)]
    return node

"""What is wrong with a configuration, in the words of whoever wrote it. Pure; of a value that `!env` or `!file` gave,
nothing is shown."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from airut.config.key import Form, Key, Node
from airut.config.keys import tree
from airut.config.migrations import HISTORY, KEY
from airut.config.tags import Tagged, Unreadable
from airut.config.written import written
from airut.models.credentials.kinds import KINDS
from airut.models.mail.oauth2 import PROVIDERS

Location = tuple[str | int, ...]

_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "string": "text; put it in quotes",
    "tuple": "a list: [one, another]",
    "list": "a list: [one, another]",
    "dict": "a section: {key: value}",
    "model": "a section: {key: value}",
}
"""By how pydantic's error begins."""


def as_written(location: Location) -> Location:
    """A place in the file: pydantic puts a credential's kind, the provider of `oauth2`, and which of several models it
    tried, into the path, where the file has none."""
    kinds = {i for i in range(2, len(location)) if location[i - 2] == "credentials" and location[i] in KINDS}
    kinds |= {i for i in range(1, len(location)) if location[i - 1] == "oauth2" and location[i] in PROVIDERS}
    return tuple(part for i, part in enumerate(location) if i not in kinds)


def is_about_the_key(fault: Mapping[str, Any]) -> bool:
    """Whether the key itself is at fault, and not what stands there."""
    return bool(fault["type"] == "extra_forbidden")


def problem(given: object, location: Location, fault: Mapping[str, Any]) -> str:
    """`given` is what stands at the place."""
    if isinstance(given, Unreadable):
        return given.problem
    kind, context = str(fault["type"]), fault.get("ctx", {})
    if kind == "extra_forbidden":
        nearest = difflib.get_close_matches(str(location[-1]), keys_below(location[:-1]), n=1)
        return "unknown key" + (f'; nearest is "{nearest[0]}"' if nearest else "")
    if kind == "missing":
        return f"is required; add the line `config_version: {HISTORY.current}`" if location == KEY else "is required"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        needed = f"{str(context['discriminator']).strip(chr(39))} is required"
        return f"{needed}: one of {context['expected_tags']}" if kind == "union_tag_invalid" else needed
    for found in (_out_of_bounds(given, location, kind, context), _of_another_form(given, kind)):
        if found:
            return found
    return str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")


def keys_below(location: Location) -> list[str]:
    """The names that may stand in the section at a place."""
    nodes = _at(location)
    return [each.key.name for node in nodes for each in _below(node)] if location else [n.key.name for n in tree()]


def _out_of_bounds(given: object, location: Location, kind: str, context: Mapping[str, Any]) -> str:
    shown, key = _shown(given), next((node.key for node in _at(location)), None)
    match kind:
        case "greater_than_equal":
            return f"{shown} is below the minimum {_bound(context['ge'], key)}"
        case "less_than_equal":
            return f"{shown} is above the maximum {_bound(context['le'], key)}"
        case "greater_than":
            return f"{shown} is too little: it must be more than {_bound(context['gt'], key)}"
        case "less_than":
            return f"{shown} is too much: it must be less than {_bound(context['lt'], key)}"
        case "too_short" | "string_too_short":
            unit = "entries" if kind == "too_short" else "characters"
            return f"needs at least {_counted(context['min_length'], unit)}"
        case "too_long" | "string_too_long":
            unit = "entries" if kind == "too_long" else "characters"
            return f"takes at most {_counted(context['max_length'], unit)}"
        case "string_pattern_mismatch":
            return f"{shown} does not match {context['pattern']}"
        case _:
            return ""


def _counted(number: int, unit: str) -> str:
    one = {"entries": "entry", "characters": "character"}
    return f"{number} {one[unit] if number == 1 else unit}"


def _of_another_form(given: object, kind: str) -> str:
    start, _, end = kind.partition("_")
    if start not in _WANTED or not (end.startswith(("parsing", "type", "from", "attributes")) or end == "sub_type"):
        return ""
    return f"{_shown(given)} is not {_WANTED[start]}"


def _shown(given: object) -> str:
    if isinstance(given, Tagged):
        return "the value"
    if isinstance(given, dict):
        return "a section"
    if isinstance(given, list):
        return "a list"
    return given if isinstance(given, str) else written(given)


def _bound(bound: float, key: Key | None) -> str:
    number = int(bound) if isinstance(bound, float) and bound.is_integer() else bound
    return written(number, key.form if key is not None else Form.ANY)


def _at(location: Location) -> Sequence[Node]:
    """What the schema has at a place; several where its section has variants."""
    nodes: Sequence[Node] = ()
    for number, part in enumerate(location):
        if number == 0:
            nodes = [node for node in tree() if node.key.name == part]
        else:
            nodes = [below for node in nodes for below in _step(node, part)]
    return nodes


def _step(node: Node, part: str | int) -> list[Node]:
    if node.key.form in (Form.LIST, Form.MAP):
        return list(node.below)
    return [each for each in _below(node) if each.key.name == part]


def _below(node: Node) -> list[Node]:
    if node.key.form is not Form.SECTION:
        return []
    return [*node.below, *(each for variant in node.variants for each in variant.below)]

"""What somebody has filled into a form becomes edits of the file, and values for `.env`."""

import json
from collections.abc import Callable, Iterable, Mapping

from airut.config.editing.configuration import variable_name
from airut.config.editing.document import Document
from airut.config.editing.nodes import Path, compose, value_of
from airut.config.editing.values import Reference, Value
from airut.config.key import Form, Key, Node
from airut.config.keys import tree
from airut.errors import ConfigError
from airut.models.base import Model

SET, WAS, SECRET, REMOVE = "set:", "was:", "secret:", "remove:"
"""What the names of a form's fields begin with: the value, the value as it was shown, a new secret, a tick."""

TAGS = ("!env", "!var", "!file")


class Result(Model):
    """`changed` are the places, for the record; no values."""

    document: Document
    secrets: dict[str, str]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    """Names of what is not there any more, so that a form made of `document` has no field for it."""

    model_config = {"arbitrary_types_allowed": True, "frozen": True}


def applied(document: Document, given: Mapping[str, str], free: Callable[[str, str | None], str]) -> Result:
    """Only what differs from what was shown is changed, so that nobody undoes what another has saved meanwhile. `free`
    gives the name of the variable for a secret's new value.

    Raises:
        ConfigError: a place cannot be changed by a program, or the form is none of ours.
    """
    secrets: dict[str, str] = {}
    changed: list[str] = []
    gone = {name.removeprefix(REMOVE) for name in given if name.startswith(REMOVE)}
    for name, value in given.items():
        if name.startswith(SET):
            path = _path(name.removeprefix(SET))
            before, after = _lines(given.get(WAS + name.removeprefix(SET), "")), _lines(value)
            if before.strip() != after.strip():
                document = _with(document, path, after)
                changed.append(_dotted(path))
                if not after.strip() and len(path) > 1 and key_of(path[:-1]).key.form is Form.MAP:
                    gone.add(name.removeprefix(SET))
        elif name.startswith(SECRET) and value:
            path = _path(name.removeprefix(SECRET))
            document, secrets = _with_secret(document, path, _lines(value), secrets, free)
            changed.append(_dotted(path))
    for name in sorted(gone):  # last: what is ticked goes, whatever was filled in
        path = _path(name)
        if document.has(path):
            document = document.remove(path)
            changed.append(_dotted(path))
    return Result(document=document, secrets=secrets, changed=tuple(changed), removed=tuple(sorted(gone)))


def _path(name: str) -> Path:
    """
    Raises:
        ConfigError: the form is none of ours.
    """
    try:
        parts = json.loads(name)
    except ValueError:
        parts = None
    if not isinstance(parts, list) or not parts or not all(isinstance(part, str | int) for part in parts):
        raise ConfigError("this form is not one that this version of Airut has made; reload the page")
    path = tuple(parts)
    key_of(path)
    return path


def key_of(path: Path) -> Node:
    """The key of the schema that stands at a place.

    Raises:
        ConfigError: none does.
    """
    options: Iterable[Node] = tree()
    found: Node | None = None
    for part in path:
        if found is not None and found.key.form in (Form.MAP, Form.LIST):
            found = found.below[0]
        else:
            found = next((node for node in options if node.key.name == part), None)
        if found is None:
            raise ConfigError(f"{_dotted(path)}: there is no such key")
        options = (*found.below, *(below for variant in found.variants for below in variant.below))
    assert found is not None
    return found


def _with(document: Document, path: Path, written: str) -> Document:
    if not written.strip():
        return document.remove(path)
    node = key_of(path)
    if node.key.form is Form.SECTION:
        return document if document.has(path) else document.set(path, {})
    return document.set(path, typed(node, written))


def typed(node: Node, written: str) -> Value:
    """A field's text as the value that it means. What does not fit its form stays text: the check then says so."""
    key, text = node.key, written.strip()
    tag, _, name = text.partition(" ")
    if tag in TAGS and name.strip() and "\n" not in text:
        return Reference(tag=tag, name=name.strip())
    if text == "null" and key.nullable:
        return None
    if (
        key.form is Form.LIST
        and node.below[0].key.form not in (Form.ANY, Form.SECTION)
        and not text.startswith(("[", "{"))
    ):
        return [typed(node.below[0], line) for line in written.splitlines() if line.strip()]
    if key.form in (Form.LIST, Form.MAP, Form.ANY, Form.SECTION):
        return _yaml(text)
    return _plain(key, written if "\n" in text else text)


def _plain(key: Key, text: str) -> Value:
    if key.form is Form.BOOLEAN and text in ("true", "false"):
        return text == "true"
    if key.form in (Form.INTEGER, Form.NUMBER):
        for read in (int, float):
            try:
                return read(text)
            except ValueError:
                continue
    if key.form is Form.CHOICE and text.isdecimal():
        return int(text)
    return text


def _yaml(text: str) -> Value:
    try:
        root = compose(f"value: {text}\n", "value")
    except ConfigError:
        return text
    values = value_of(root) if root is not None else {}
    return values.get("value") if isinstance(values, dict) and len(values) == 1 else text


def _with_secret(
    document: Document, path: Path, value: str, secrets: dict[str, str], free: Callable[[str, str | None], str]
) -> tuple[Document, dict[str, str]]:
    if key_of(path).key.form not in (Form.SECRET, Form.TEXT, Form.ANY):
        raise ConfigError(f"{_dotted(path)}: holds no secret")
    present = document.value(path)
    named = present.name if isinstance(present, Reference) and present.tag == "!env" else None
    wanted = variable_name(path)
    while named is None and wanted in secrets:  # `a-b` and `a_b` have one name
        wanted += "_2"
    name = free(wanted, named)
    return document.set(path, Reference(tag="!env", name=name)), {**secrets, name: value}


def _lines(text: str) -> str:
    """Browsers send the ends of lines as CR LF."""
    return text.replace("\r\n", "\n")


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))

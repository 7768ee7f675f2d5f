"""A configuration as forms: what each key of the schema has in the file, and where the value comes from."""

import hashlib
import json
from enum import StrEnum

from airut.config.editing.document import Document
from airut.config.editing.hidden import secret_paths
from airut.config.editing.nodes import Path
from airut.config.editing.values import Reference, Value, one_line
from airut.config.key import Form, Key, Node
from airut.config.written import written
from airut.models.base import Model

LONG = frozenset({"prompt", "system_prompt", "subject_prompt", "template"})
"""Keys whose text usually has several lines."""


class Control(StrEnum):
    """How a field is filled in."""

    LINE = "line"
    TEXT = "text"
    """Several lines."""
    CHOICE = "choice"
    LINES = "lines"
    """A list: an item a line."""
    YAML = "yaml"
    """Whatever has no form of its own, on one line of YAML."""
    SECRET = "secret"  # noqa: S105 - a word
    PRESENCE = "presence"
    """A section without keys: it is there or not."""


class Field(Model):
    """`name` is the path as JSON, by which a form sends it."""

    name: str
    label: str
    doc: str
    control: Control
    value: str
    """As it stands in the file; empty where it does not. Of a secret, its reference only."""
    was: str
    """As it stands in the file that is saved."""
    source: str
    """Where the value comes from: `not set`, `this file`, `environment or .env: NAME`, …"""
    default: str
    choices: tuple[str, ...] = ()
    required: bool = False
    hint: str = ""
    reload: str = ""

    @property
    def id(self) -> str:
        """For the page's labels: letters and digits only."""
        return "f" + hashlib.sha256(self.name.encode()).hexdigest()[:12]


class Section(Model):
    name: str
    label: str = ""
    doc: str = ""
    present: bool = True
    removable: bool = False
    """Whether it is an entry of a map, or may be left out."""
    fields: tuple[Field, ...] = ()
    sections: "tuple[Section, ...]" = ()
    addable: bool = False
    """Whether it is a map that takes more entries."""
    variants: tuple[str, ...] = ()
    """Of a map's entries: `kind: aws`, …"""


class Added(Model):
    """An entry that somebody is about to fill in: the map, its name, and of which variant it is."""

    map: Path
    name: str
    variant: str = ""


def sections(
    nodes: tuple[Node, ...], above: Path, document: Document, base: Document | None = None, added: Added | None = None
) -> tuple[Section, ...]:
    """The keys of one model as sections; those that are no sections themselves come first, as one without a label.
    `base` is the file as it is saved, where `document` is what somebody is making of it."""
    return _Form(document, base or document, added).of(nodes, above)


class _Form:
    def __init__(self, document: Document, base: Document, added: Added | None) -> None:
        self._document = document
        self._base = base
        self._added = added
        self._secrets = {*secret_paths(document.values), *secret_paths(base.values)}

    def of(self, nodes: tuple[Node, ...], above: Path) -> tuple[Section, ...]:
        found = [node for node in nodes if node.key.path != "config_version"]
        plain = tuple(self._field(node, (*above, node.key.name)) for node in found if not _nested(node))
        own = Section(name=as_name(above), fields=plain)
        below = tuple(self._section(node, (*above, node.key.name)) for node in found if _nested(node))
        return (own, *below) if plain else below

    def _section(self, node: Node, path: Path, label: str = "", *, entry: bool = False) -> Section:
        key = node.key
        there = self._document.has(path)
        bare = Section(
            name=as_name(path),
            label=label or key.name,
            doc=key.doc,
            present=there,
            removable=there and (entry or not key.required) and not isinstance(path[-1], int),  # others would move up
            addable=key.form is Form.MAP,
        )
        if key.form is Form.MAP:
            return self._map(node.below[0], path, bare)
        if key.form is Form.LIST:
            count = len(found) if isinstance(found := self._document.value(path), list) else 0
            made = (self._section(node.below[0], (*path, n), f"{key.name} {n + 1}") for n in range(count))
            return bare.model_copy(update={"sections": tuple(made)})
        parts = self.of(self._keys_of(node, path), path)
        fields = parts[0].fields if parts and not parts[0].label else ()
        return bare.model_copy(update={"fields": fields, "sections": parts[1:] if fields else parts})

    def _map(self, kind: Node, path: Path, bare: Section) -> Section:
        names = list(found) if isinstance(found := self._document.value(path), dict) else []
        if self._added is not None and self._added.map == path and self._added.name not in names:
            names.append(self._added.name)
        if kind.key.form is Form.SECTION:
            made = tuple(self._section(kind, (*path, name), name, entry=True) for name in names)
            return bare.model_copy(update={"sections": made, "variants": _variants(kind)})
        return bare.model_copy(update={"fields": tuple(self._field(kind, (*path, name), name) for name in names)})

    def _keys_of(self, node: Node, path: Path) -> tuple[Node, ...]:
        """Of a section with variants, the keys of the one that is in the file."""
        if not node.variants:
            return node.below
        value = self._document.value(path)
        told = {key: str(member) for key, member in value.items()} if isinstance(value, dict) else {}
        if self._added is not None and (*self._added.map, self._added.name) == path and self._added.variant:
            name, _, chosen = self._added.variant.partition(": ")
            told.setdefault(name, chosen)
        for variant in node.variants:
            name, _, chosen = (variant.key.variant or "").partition(": ")
            if told.get(name) == chosen:
                return _with_all_kinds(variant.below, node)
        return _with_all_kinds(node.variants[0].below, node)

    def _field(self, node: Node, path: Path, label: str = "") -> Field:
        key, value = node.key, self._document.value(path)
        there = self._document.has(path)
        control = Control.SECRET if path in self._secrets else _control(node, value)
        return Field(
            name=as_name(path),
            label=label or key.name,
            doc=key.doc,
            control=control,
            value=_shown(value, control) if there else "",
            was=_shown(self._base.value(path), control) if self._base.has(path) else "",
            source=_source(value, there=there),
            default="" if key.default is None or key.default == "null" else key.default,
            choices=_choices(key),
            required=key.required,
            hint=_hint(key, control),
            reload=key.reload.value,
        )


def _with_all_kinds(nodes: tuple[Node, ...], section: Node) -> tuple[Node, ...]:
    """Its variants' names are the choices of the key that tells them apart."""
    told = [(variant.key.variant or "").partition(": ") for variant in section.variants]
    kinds = tuple(kind for _, _, kind in told)
    return tuple(
        node.model_copy(update={"key": node.key.model_copy(update={"choices": kinds})})
        if node.key.name == told[0][0]
        else node
        for node in nodes
    )


def as_name(path: Path) -> str:
    return json.dumps(list(path), ensure_ascii=False)


def _nested(node: Node) -> bool:
    """Whether it is drawn as a section with fields of its own; a list of sections where a field cannot show it."""
    if node.key.form is Form.SECTION:
        return bool(node.below or node.variants)
    if node.key.form is Form.LIST and node.below[0].key.form is Form.SECTION:
        return any(below.key.form is Form.SECRET for below in node.below[0].below)
    return node.key.form is Form.MAP


def _control(node: Node, value: Value) -> Control:
    form = node.key.form
    if form is Form.SECRET:
        return Control.SECRET
    if isinstance(value, Reference):
        return Control.LINE
    if form in (Form.CHOICE, Form.BOOLEAN):
        return Control.CHOICE
    if form is Form.SECTION:
        return Control.PRESENCE
    if form is Form.LIST:
        plain = all(isinstance(item, str | int | float) for item in value) if isinstance(value, list) else value is None
        return Control.LINES if plain and node.below[0].key.form is not Form.ANY else Control.YAML
    if form in (Form.MAP, Form.ANY) or isinstance(value, dict | list):
        return Control.YAML
    long = node.key.name in LONG or (isinstance(value, str) and "\n" in value)
    return Control.TEXT if long else Control.LINE


def _shown(value: Value, control: Control) -> str:
    if control is Control.SECRET:
        return f"{value.tag} {value.name}" if isinstance(value, Reference) else ""
    if isinstance(value, Reference):
        return f"{value.tag} {value.name}"
    if control is Control.PRESENCE:
        return "yes"
    if control is Control.LINES and isinstance(value, list):
        return "\n".join(map(_scalar, value))
    if control is Control.YAML:
        return one_line(value)
    return _scalar(value)


def _scalar(value: Value) -> str:
    return value if isinstance(value, str) else one_line(value)


def _source(value: Value, *, there: bool) -> str:
    if not there:
        return "not set"
    if isinstance(value, Reference):
        told = {"!env": "environment or .env", "!var": "vars", "!file": "file"}
        return f"{told.get(value.tag, value.tag)}: {value.name}"
    if isinstance(value, dict) and ("command" in value or "systemd" in value):
        return "systemd" if "systemd" in value else "command"
    return "this file"


def _choices(key: Key) -> tuple[str, ...]:
    own = ("true", "false") if key.form is Form.BOOLEAN else key.choices
    return (*own, *key.words, *(("null",) if key.nullable and "null" not in own else ()))


def _variants(entry: Node) -> tuple[str, ...]:
    return tuple(variant.key.variant or "" for variant in entry.variants)


_WRITTEN = {Form.DURATION: "30s, 5m, 2h or 7d", Form.SIZE: "512k, 25m or 8g", Form.SHARE: "10% or 0.1"}


def _hint(key: Key, control: Control) -> str:
    told = []
    if control in (Control.LINE, Control.LINES):
        told += [_WRITTEN[key.form]] if key.form in _WRITTEN else []
        if key.minimum is not None:
            told.append(f"{'more than' if key.exclusive else 'at least'} {_number(key, key.minimum)}")
        if key.maximum is not None:
            told.append(f"{'less than' if key.below else 'at most'} {_number(key, key.maximum)}")
        told += [f"or {', '.join(key.words)}"] if key.words else []
    if control is Control.LINES:
        told.append("one a line")
    if control is Control.YAML:
        told.append("as YAML, on one line")
    return "; ".join(told)


def _number(key: Key, number: float) -> str:
    whole = int(number) if float(number).is_integer() else number
    shown = written(whole, key.form) if key.form in _WRITTEN else f"{number:,.10g}"
    return f"{shown} {key.unit}" if key.form in (Form.TEXT, Form.LIST, Form.MAP) else shown

"""The keys of `airut.yaml`: one walk over the models that read it. Editors' schema, documentation, annotated example
and forms are made of it, so that none of them can say what the others do not."""

from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from airut.config.annotations import Plain
from airut.config.docstrings import field_docs, model_doc
from airut.config.key import Form, Key, Node
from airut.config.reload_class import ReloadClass
from airut.config.schema import Config
from airut.config.written import written
from airut.models.credentials.secret import Secret
from airut.models.values.durations import OrWord, parse_duration, parse_share, parse_size

_READ_AS: dict[Callable[..., object], Form] = {
    parse_duration: Form.DURATION,
    parse_size: Form.SIZE,
    parse_share: Form.SHARE,
}
_SCALARS: dict[type, Form] = {bool: Form.BOOLEAN, int: Form.INTEGER, float: Form.NUMBER, str: Form.TEXT}


@cache
def keys(model: type[BaseModel] = Config) -> tuple[Key, ...]:
    """Every key, sections included, in the order of the models."""
    return tuple(each for node in tree(model) for each in _flat(node))


@cache
def tree(model: type[BaseModel] = Config, reload: ReloadClass = ReloadClass.RESTART) -> tuple[Node, ...]:
    """The same as a tree: the keys of one model, with what stands below each."""
    return _section(model, "", reload, None)


def _flat(node: Node) -> Iterator[Key]:
    yield node.key
    for below in (*node.below, *(each for variant in node.variants for each in variant.below)):
        yield from _flat(below)


def _section(model: type[BaseModel], path: str, reload: ReloadClass, variant: str | None) -> tuple[Node, ...]:
    docs, made = field_docs(model), []
    for name, field in model.model_fields.items():
        plain = Plain(field.annotation, field.metadata)
        below = f"{path}.{field.alias or name}" if path else field.alias or name
        made.append(_node(plain, below, reload, variant, doc=docs.get(name, ""), field=field))
    return tuple(made)


def _node(
    plain: Plain,
    path: str,
    inherited: ReloadClass,
    variant: str | None,
    *,
    doc: str = "",
    field: FieldInfo | None = None,
) -> Node:
    form, kinds = _form(plain), plain.of
    own = next((note for note in plain.notes if isinstance(note, ReloadClass)), None)
    reload = own or (ReloadClass.LIVE if form is Form.SECRET else inherited)
    below: tuple[Node, ...] = ()
    variants: tuple[Node, ...] = ()
    pattern = plain.pattern()
    if form is Form.LIST:
        below = (_node(Plain(get_args(kinds[0])[0]), f"{path}[]", reload, None),)
    elif form is Form.MAP:
        named, value = get_args(kinds[0])
        pattern = Plain(named).pattern()
        below = (_node(Plain(value), f"{path}.<name>", reload, None),)
    elif form is Form.SECTION and len(kinds) == 1:
        below = _section(kinds[0], path, reload, variant)
        doc = doc or model_doc(kinds[0])
    elif form is Form.SECTION:
        variants = tuple(_variant(kind, path, reload) for kind in kinds)
    key = Key(
        path=path,
        form=form,
        reload=reload,
        required=field is not None and field.is_required(),
        nullable=plain.nullable,
        words=tuple(plain.words) if form is not Form.CHOICE else (),
        default=_default(field, form, plain),
        choices=_choices(plain) if form is Form.CHOICE else (),
        pattern=pattern,
        variant=variant,
        doc=doc,
        **_limits(plain),
    )
    return Node(key=key, below=below, variants=variants)


def _variant(model: type[BaseModel], path: str, reload: ReloadClass) -> Node:
    """One of the models that a section may be; which of them, a key with one possible value tells."""
    told = None
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            told = f"{name}: {get_args(field.annotation)[0]}"
            break
    key = Key(path=path, form=Form.SECTION, reload=reload, variant=told, doc=model_doc(model))
    return Node(key=key, below=_section(model, path, reload, told))


def _form(plain: Plain) -> Form:
    readers = [reader.parse if isinstance(reader, OrWord) else reader for reader in plain.readers()]
    if found := [_READ_AS[reader] for reader in readers if reader in _READ_AS]:
        return found[0]
    if not plain.of:
        return Form.CHOICE  # nothing but words
    kind = plain.of[0]
    origin = get_origin(kind)
    if origin in (tuple, list):
        return Form.LIST
    if origin is dict:
        return Form.MAP
    if origin is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return Form.CHOICE
    if not isinstance(kind, type) or kind is object:
        return Form.ANY
    if issubclass(kind, Secret):
        return Form.SECRET
    if issubclass(kind, BaseModel):  # some are written as text: a rate, an address
        return Form.TEXT if readers else Form.SECTION
    if issubclass(kind, Path):
        return Form.PATH
    return _SCALARS.get(kind, Form.ANY)


def _choices(plain: Plain) -> tuple[str, ...]:
    kinds = plain.of
    if not kinds:
        return tuple(plain.words)
    if get_origin(kinds[0]) is Literal:
        return tuple(written(value) for value in get_args(kinds[0]))
    return tuple(str(member.value) for member in kinds[0])


def _default(field: FieldInfo | None, form: Form, plain: Plain) -> str | None:
    if field is None or field.is_required() or form is Form.SECTION:
        return None
    value = field.get_default(call_default_factory=True)
    if value is None and plain.absent:
        return plain.absent
    return written(value, form)


def _limits(plain: Plain) -> dict[str, Any]:
    found = {
        "minimum": plain.limit(annotated_types.Ge, "ge"),
        "maximum": plain.limit(annotated_types.Le, "le"),
    }
    if (above := plain.limit(annotated_types.Gt, "gt")) is not None:
        found |= {"minimum": above, "exclusive": True}
    if (below := plain.limit(annotated_types.Lt, "lt")) is not None:
        found |= {"maximum": below, "below": True}
    if found["minimum"] is None:
        found["minimum"] = plain.limit(annotated_types.MinLen, "min_length")
    if found["maximum"] is None:
        found["maximum"] = plain.limit(annotated_types.MaxLen, "max_length")
    return found

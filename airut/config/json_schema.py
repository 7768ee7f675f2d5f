"""JSON Schema of `airut.yaml`, for editors: they complete keys, show their texts and mark what cannot be.

Whatever `!env` or `!file` may give is text to an editor, so that text passes wherever a single value stands. What is
said exactly is said by `airut check`.
"""

from typing import Any

import yaml

from airut.config.key import Form, Key, Node
from airut.config.keys import tree

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The one that editors' YAML plug-ins know best."""

_TAGGED = {"type": "string"}
_TYPES: dict[Form, list[str]] = {
    Form.TEXT: ["string"],
    Form.PATH: ["string"],
    Form.INTEGER: ["integer", "string"],
    Form.NUMBER: ["number", "string"],
    Form.BOOLEAN: ["boolean", "string"],
    Form.DURATION: ["string", "number"],
    Form.SIZE: ["string", "integer"],
    Form.SHARE: ["string", "number"],
}
_SECRET: list[dict[str, Any]] = [
    {"type": "string"},
    {
        "type": "object",
        "properties": {"systemd": {"type": "string"}},
        "required": ["systemd"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {
            "command": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "ttl": {"type": ["string", "number"]},
            "timeout": {"type": ["string", "number"]},
        },
        "required": ["command"],
        "additionalProperties": False,
    },
]


def json_schema() -> dict[str, Any]:
    """Of the whole file."""
    return {"$schema": DRAFT, "title": "airut.yaml", **_object(tree())}


def _object(nodes: tuple[Node, ...]) -> dict[str, Any]:
    required = [node.key.name for node in nodes if node.key.required]
    return {
        "type": "object",
        "properties": {node.key.name: _schema(node) for node in nodes},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _schema(node: Node) -> dict[str, Any]:
    key, said = node.key, _said(node.key)
    options = _options(node)
    options += [{"enum": list(key.words)}] if key.words else []
    options += [{"type": "null"}] if key.nullable else []
    return {**options[0], **said} if len(options) == 1 else {"anyOf": options, **said}


def _options(node: Node) -> list[dict[str, Any]]:
    key = node.key
    match key.form:
        case Form.SECTION if node.variants:
            return [_object(variant.below) for variant in node.variants]
        case Form.SECTION:
            return [_object(node.below)]
        case Form.SECRET:
            return list(_SECRET)
        case Form.CHOICE:
            return [{"enum": [yaml.safe_load(choice) for choice in key.choices]}]
        case Form.LIST:
            bounds = {"minItems": key.minimum, "maxItems": key.maximum}
            return [{"type": "array", "items": _schema(node.below[0]), **_whole(bounds)}, _TAGGED]
        case Form.MAP:
            names = {"propertyNames": {"pattern": key.pattern}} if key.pattern else {}
            return [{"type": "object", "additionalProperties": _schema(node.below[0]), **names}]
        case Form.ANY:
            return [{}]
        case form:
            types = _TYPES[form]
            return [{"type": types if len(types) > 1 else types[0], **_bounds(key)}]


def _bounds(key: Key) -> dict[str, Any]:
    """Of numbers; those of texts are left to `airut check`, since a tag's text is not the value."""
    if key.form in (Form.TEXT, Form.PATH, Form.BOOLEAN):
        return {}
    return _plain(
        {
            "exclusiveMinimum" if key.exclusive else "minimum": key.minimum,
            "exclusiveMaximum" if key.below else "maximum": key.maximum,
        }
    )


def _whole(bounds: dict[str, float | None]) -> dict[str, int]:
    return {name: int(bound) for name, bound in bounds.items() if bound is not None}


def _plain(bounds: dict[str, float | None]) -> dict[str, float]:
    return {
        name: int(bound) if float(bound).is_integer() else bound for name, bound in bounds.items() if bound is not None
    }


def _said(key: Key) -> dict[str, Any]:
    said: dict[str, Any] = {"description": key.doc} if key.doc else {}
    if key.default is not None:
        said["default"] = yaml.safe_load(key.default)
    return said

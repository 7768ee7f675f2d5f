"""Values as YAML text: what an edit writes into a file, always readable back as the same value."""

import re
from collections.abc import Mapping, Sequence

import yaml

from airut.models.base import Model


class Reference(Model):
    """A value that stands elsewhere: `!env NAME`, `!var name`, `!file path`."""

    tag: str
    name: str


Value = str | int | float | bool | None | Reference | Sequence["Value"] | Mapping[str, "Value"]
"""What may stand in a file."""

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+*-]*(?: [A-Za-z0-9_./@+*-]+)*(?::(?://)?[A-Za-z0-9_./@+-]+)*")
"""Texts that need no quotes in any place of a file; what else YAML would take bare is not worth the risk."""
_NAMED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BARE = re.compile("[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML 1.1 allows in quotes as they are, on one line (§5.1)."""


def one_line(value: Value) -> str:
    """The value in flow style."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(value)
        case str():
            return text(value)
        case Reference():
            return f"{value.tag} {text(value.name)}"
        case Mapping():
            return "{" + ", ".join(f"{text(key)}: {one_line(member)}" for key, member in value.items()) + "}"
        case _:
            return "[" + ", ".join(map(one_line, value)) + "]"


def entry(key: str, value: Value, indent: int) -> str:
    """`key: value` as whole lines, with mappings and texts of several lines below; no newline at the end."""
    margin = " " * indent
    if isinstance(value, Mapping) and value:
        below = "\n".join(entry(name, member, indent + 2) for name, member in value.items())
        return f"{margin}{text(key)}:\n{below}"
    if isinstance(value, str) and (block := _block(value, indent + 2)) is not None:
        return f"{margin}{text(key)}: {block}"
    return f"{margin}{text(key)}: {one_line(value)}"


def text(value: str) -> str:
    """A text, in quotes where it could be taken for something else."""
    if _PLAIN.fullmatch(value) and _is_text(value):
        return value
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _is_text(written: str) -> bool:
    """Whether YAML takes it for a text, not for a number, a date, `yes` or `null`."""
    return bool(yaml.safe_load(written) == written)


def _number(value: float) -> str:
    """YAML 1.1 takes `1e16` for a text: its floats need a point and a signed exponent."""
    written = repr(value)
    if "e" not in written:
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(written, written)
    mantissa, exponent = written.split("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+d}"


def _escaped(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if _BARE.fullmatch(character):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _block(value: str, indent: int) -> str | None:
    """A text of several lines as a literal block; None where it has to be quoted."""
    body = value.removesuffix("\n")
    lines = body.split("\n")
    if len(lines) < 2 or not lines[0].strip() or not lines[-1].strip() or lines[0][0] == " ":
        return None
    if not all(_BARE.fullmatch(character) for line in lines for character in line):
        return None
    margin = " " * indent
    sign = "|" if value.endswith("\n") else "|-"
    return sign + "\n" + "\n".join(margin + line if line else "" for line in lines)

"""A value as it would stand in `airut.yaml`, on one line."""

import json
import re
from enum import Enum
from pathlib import Path

from pydantic import BaseModel

from airut.config.key import Form
from airut.models.values.durations import written_duration, written_share, written_size

_PLAIN = re.compile(r"[A-Za-z0-9/~$.](?:[^\s:#{}\[\],&*!|>'\"%@`]|:(?=\S))*")
_WORDS = frozenset({"yes", "no", "true", "false", "null", "on", "off"})


def written(value: object, form: Form = Form.ANY) -> str:
    """For defaults and choices: what holds no secrets."""
    match form, value:
        case Form.DURATION, int() | float():
            return written_duration(value)
        case Form.SIZE, int():
            return written_size(value)
        case Form.SHARE, int() | float():
            return written_share(value)
        case _:
            return _plain(value)


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_plain(name)}: {_plain(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, BaseModel):
        return str(getattr(value, "written", "{}"))
    if isinstance(value, str | Path):
        return _text(str(value))
    return str(value)


def _text(text: str) -> str:
    """In quotes only where YAML would read something else without."""
    return text if _PLAIN.fullmatch(text) and text not in _WORDS else json.dumps(text)

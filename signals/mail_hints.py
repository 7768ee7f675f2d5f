"""What a mail asks for beyond its text: model, effort, budget (spec: email §7)."""

import re
from typing import NamedTuple

from airut.models.base import Model
from airut.models.message import Hints

EFFORTS = ("low", "medium", "high", "xhigh", "max")

_LINE = re.compile(r"\s*(model|effort|budget)\s*:\s*(.*?)\s*", re.IGNORECASE)
_MODEL = re.compile(r"[a-z0-9](?:[a-z0-9.:-]{0,98}[a-z0-9])?")
_BUDGET = re.compile(r"\$?\s*(\d{1,6}(?:\.\d{1,2})?)\s*(?:\$|usd)?", re.IGNORECASE)


class HintedText(Model):
    """A text without its hint lines, what they said, and what was not understood."""

    text: str
    hints: Hints = Hints()
    notes: tuple[str, ...] = ()


class _Value(NamedTuple):
    field: str
    value: str | float


def read_hints(text: str, recipients: tuple[str, ...], ours: tuple[str, ...]) -> HintedText:
    """Hints from our sub-addressed recipients, overruled by `model:`, `effort:`, `budget:` lines that the text begins
    with. Whether the values are allowed here is decided later."""
    found: dict[str, str | float] = {}
    for recipient in recipients:
        found |= _from_address(recipient, ours)
    lines = text.split("\n")
    notes: list[str] = []
    count = 0
    while count < len(lines) and (match := _LINE.fullmatch(lines[count])):
        value = _read(match[1].lower(), match[2])
        if value is None:
            notes.append(f"`{lines[count].strip()}` was not understood and not used")
        else:
            found[value.field] = value.value
        count += 1
    rest = "\n".join(lines[count:]).lstrip("\n") if count else text
    return HintedText(text=rest, hints=Hints.model_validate(found), notes=tuple(notes))


def _from_address(recipient: str, ours: tuple[str, ...]) -> dict[str, str]:
    """`user+opus@`, `user+opus.high@` (RFC 5233 sub-addresses); what begins with `t-` names a thread."""
    local, _, domain = recipient.lower().rpartition("@")
    user, plus, detail = local.partition("+")
    if not plus or f"{user}@{domain}" not in ours or detail.startswith("t-"):
        return {}
    model, _, effort = detail.rpartition(".")
    if model and effort in EFFORTS:
        return {"model": model, "effort": effort} if _MODEL.fullmatch(model) else {}
    return {"model": detail} if _MODEL.fullmatch(detail) else {}


def _read(name: str, value: str) -> _Value | None:
    value = value.strip().strip("*`").strip().lower()
    match name:
        case "model" if _MODEL.fullmatch(value):
            return _Value("model", value)
        case "effort" if value in EFFORTS:
            return _Value("effort", value)
        case "budget" if match := _BUDGET.fullmatch(value):
            return _Value("budget_usd", float(match[1]))
    return None

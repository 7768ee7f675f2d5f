"""What a mail asks for beyond its text: model and effort (spec: email §7)."""

import re
from typing import get_args

from airut.models.base import Model
from airut.models.message import Effort, Hints

EFFORTS = get_args(Effort)

_LINE = re.compile(r"\s*(model|effort)\s*:\s*(.*?)\s*", re.IGNORECASE)
# It becomes an argument of a command line: whatever else it is, it is no flag and has no blank.
_MODEL = re.compile(r"[a-z0-9][a-z0-9._\[\]-]{0,99}")


class HintedText(Model):
    """A text without its hint lines, what they said, and what was not understood."""

    text: str
    hints: Hints = Hints()
    notes: tuple[str, ...] = ()


def read_hints(text: str, recipients: tuple[str, ...], ours: tuple[str, ...]) -> HintedText:
    """Hints from our sub-addressed recipients, overruled by `model:` and `effort:` lines that the text begins with.

    What is not understood is noted. Which models there are is known to the provider alone.
    """
    found: dict[str, str] = {}
    not_understood: list[str] = []
    for detail in _details(recipients, ours):
        if hints := _from_detail(detail):
            found |= hints
        else:
            not_understood.append(f"+{detail}")
    lines = text.split("\n")
    count = 0
    while count < len(lines) and (match := _LINE.fullmatch(lines[count])):
        name, value = match[1].lower(), match[2].strip("*`").strip().lower()
        if _is_known(name, value):
            found[name] = value
        else:
            not_understood.append(lines[count].strip())
        count += 1
    notes = (f"`{each[:80]}` was not understood and not used" for each in not_understood)
    rest = "\n".join(lines[count:]).lstrip("\n") if count else text
    return HintedText(text=rest, hints=Hints.model_validate(found), notes=tuple(notes))


def _details(recipients: tuple[str, ...], ours: tuple[str, ...]) -> list[str]:
    """What stands behind the `+` of our addresses (RFC 5233); what begins with `t-` names a thread."""
    details: list[str] = []
    for recipient in recipients:
        local, _, domain = recipient.lower().rpartition("@")
        user, _, detail = local.partition("+")
        if detail and f"{user}@{domain}" in ours and not detail.startswith("t-"):
            details.append(detail)
    return details


def _from_detail(detail: str) -> dict[str, str]:
    """`opus` or `opus.high`; empty when it is neither."""
    model, _, effort = detail.rpartition(".")
    hints = {"model": model, "effort": effort} if model and effort in EFFORTS else {"model": detail}
    return hints if _is_known("model", hints["model"]) else {}


def _is_known(name: str, value: str) -> bool:
    return value in EFFORTS if name == "effort" else _MODEL.fullmatch(value) is not None

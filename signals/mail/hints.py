"""What a mail asks for beyond its text: model, effort and budget (spec: email §7)."""

import re
from typing import get_args

from airut.models.base import Model
from airut.models.budgets.budget import LEAST_USD, MOST_USD
from airut.models.threads.message import Effort, Hints

EFFORTS = get_args(Effort)

_LINE = re.compile(r"\s*(model|effort|budget)\s*:\s*(.*?)\s*", re.IGNORECASE)
# It becomes an argument of a command line: whatever else it is, it is no flag and has no blank.
_MODEL = re.compile(r"[a-z0-9][a-z0-9._\[\]-]{0,99}")
# `20`, `7.50`, `$20`, `20 USD`. A comma would be read one way here and another way there.
_AMOUNT = re.compile(r"\$?\s*(\d{1,7}(?:\.\d{1,2})?)\s*(?:\$|usd)?", re.ASCII)

_ALLOWED = {
    "effort": f"; allowed are {', '.join(EFFORTS)}",
    "budget": "; write US dollars, such as `budget: 5` or `budget: 7.50`",
}
"""Which models there are is known to the provider alone."""


class HintedText(Model):
    """A text without its hint lines, what they said, and what was not understood."""

    text: str
    hints: Hints = Hints()
    notes: tuple[str, ...] = ()


def read_hints(text: str, recipients: tuple[str, ...], ours: tuple[str, ...]) -> HintedText:
    """Hints from our sub-addressed recipients, overruled by lines `model:`, `effort:` and `budget:` at the text's head.

    What is not understood is noted. Whether a budget is within the repository's is decided when the task starts.
    """
    found: dict[str, str] = {}
    not_understood: list[tuple[str, str]] = []
    for detail in _details(recipients, ours):
        if hints := _from_detail(detail):
            found |= hints
        else:
            not_understood.append((f"+{detail}", ""))
    lines = text.split("\n")
    count = 0
    while count < len(lines) and (match := _LINE.fullmatch(lines[count])):
        name, value = match[1].lower(), match[2].strip("*`").strip().lower()
        if (understood := _understood(name, value)) is not None:
            found[name] = understood
        else:
            not_understood.append((lines[count].strip(), _ALLOWED.get(name, "")))
        count += 1
    notes = (f"`{each[:80]}` was not understood and not used{allowed}" for each, allowed in not_understood)
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
    return hints if _understood("model", hints["model"]) else {}


def _understood(name: str, value: str) -> str | None:
    """The value of a hint as it is meant, or None."""
    if name == "budget":
        amount = _AMOUNT.fullmatch(value)
        return amount[1] if amount and LEAST_USD <= float(amount[1]) <= MOST_USD else None
    known = value in EFFORTS if name == "effort" else _MODEL.fullmatch(value) is not None
    return value if known else None

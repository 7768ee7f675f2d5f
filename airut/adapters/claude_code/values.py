"""Values of Claude Code's events and transcripts, each taken for hostile: what is not of the type and size that it
should be is passed over."""

import math
from typing import Any

TEXT_LENGTH = 2 * 1024**2  # characters; what a model says in one go is below 1 MB
ERROR_LENGTH = 2_000
NAME_LENGTH = 200  # of tools, models and kinds of errors
STEP_LENGTH = 100

type Event = dict[str, Any]


def blocks_of(event: Event) -> list[Event]:
    message = event.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def model_of(event: Event) -> str | None:
    message = event.get("message")
    return name_of(message.get("model")) if isinstance(message, dict) else None


def short(text: str) -> str:
    return cut(" ".join(text[: 10 * STEP_LENGTH].split()), STEP_LENGTH)


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def text_of(value: object, length: int = TEXT_LENGTH) -> str | None:
    """A text without lone surrogates, which nothing after us can encode. One that is cut says so."""
    if not isinstance(value, str):
        return None
    text = value[:length].encode("utf-8", "replace").decode()
    return text if len(value) <= length else f"{text}\n\n… ({len(value) - length:,} more characters were cut off)"


def name_of(value: object) -> str | None:
    return cut(text, NAME_LENGTH) if (text := text_of(value)) is not None else None


def whole(value: object, most: int) -> int | None:
    return int(found) if (found := finite(value, most)) is not None and found == int(found) else None


def number(value: object, most: float) -> float:
    return float(finite(value, most) or 0.0)


def finite(value: object, most: float) -> int | float | None:
    """A number from 0 to `most`; None for any other value, NaN among them."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if 0 <= value <= most else None

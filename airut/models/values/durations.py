"""Durations and sizes as people write them in configuration: `30s`, `5m`, `2h`, `30d`; `512m`, `8g` (binary)."""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import BeforeValidator

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)


def parse_duration(value: object) -> object:
    """Seconds of `90s`, `5m`, `2h`, `7d`; numbers are seconds already.

    Raises:
        ValueError: anything else, with the forms that are understood.
    """
    if not isinstance(value, str):
        return value
    if match := _DURATION.fullmatch(value.strip()):
        return float(match[1]) * _SECONDS[match[2]]
    raise ValueError(f"{value!r} is not a duration; write 30s, 5m, 2h or 7d")


def parse_size(value: object) -> object:
    """Bytes of `512k`, `40MiB`, `8g`; numbers are bytes already.

    Raises:
        ValueError: anything else, with the forms that are understood.
    """
    if not isinstance(value, str):
        return value
    if match := _SIZE.fullmatch(value.strip()):
        return int(float(match[1]) * _BYTES[match[2].lower()])
    raise ValueError(f"{value!r} is not a size; write 512k, 25m or 8g")


def parse_share(value: object) -> object:
    """A part of the whole, 0 to 1, of `10%`; numbers are shares already.

    Raises:
        ValueError: anything else, with the forms that are understood.
    """
    if not isinstance(value, str):
        return value
    if match := _PERCENT.fullmatch(value.strip()):
        return float(match[1]) / 100
    raise ValueError(f"{value!r} is not a share; write 10% or 0.1")


class OrWord:
    """Reads `word` as None, and all else as `parse` does; None itself must be spelled as that word."""

    def __init__(self, word: str, parse: Callable[[object], object]) -> None:
        self.word = word
        self.parse = parse

    def __call__(self, value: object) -> object:
        if value is None:
            raise ValueError(f"write {self.word}")
        return None if value == self.word else self.parse(value)


def or_none(word: str, parse: Callable[[object], object]) -> BeforeValidator:
    """The annotation of a field that a word takes away."""
    return BeforeValidator(OrWord(word, parse))


def as_it_is(value: object) -> object:
    """For what has no units."""
    return value


Seconds = Annotated[float, BeforeValidator(parse_duration)]
Bytes = Annotated[int, BeforeValidator(parse_size)]
Share = Annotated[float, BeforeValidator(parse_share)]


def spoken_duration(seconds: float) -> str:
    """`45 s`, `10 min`, `1 h 30 min`, `2 d`: at most two units, the larger first."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        number, left = divmod(left, size)
        if number and len(parts) < 2:
            parts.append(f"{number} {name}")
    return " ".join(parts) or "0 s"


def written_duration(seconds: float) -> str:
    """As `parse_duration` reads it, in the largest unit that it is a whole number of: `90s`, `2h`, `1d`."""
    for unit, size in reversed(_SECONDS.items()):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


def written_size(size: int) -> str:
    """As `parse_size` reads it, in the largest unit that it is a whole number of: `512m`, `8g`."""
    for unit, factor in reversed(_BYTES.items()):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return "0"


def written_share(share: float) -> str:
    """As `parse_share` reads it: `10%`."""
    return f"{share * 100:g}%"

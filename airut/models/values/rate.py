"""How often something may happen, as people write it: `30/h`."""

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field

from airut.models.base import Model

_UNITS = {"m": 60, "h": 3600, "d": 86400}
_SPANS = {60: "a minute", 3600: "an hour", 86400: "a day"}
_RATE = re.compile(r"(\d{1,9})\s*/\s*([mhd])")


class Rate(Model):
    """At most `most` within any `seconds`."""

    most: Annotated[int, Field(ge=1)]
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Raises:
            ValueError: with the forms that are understood.
        """
        if (match := _RATE.fullmatch(text.strip())) and int(match[1]):
            return cls(most=int(match[1]), seconds=_UNITS[match[2]])
        raise ValueError(f"{text!r} is no rate; write 30/h, 5/m or 500/d")

    def __str__(self) -> str:
        return f"{self.most} {self.span}"

    @property
    def written(self) -> str:
        """As `parse` reads it."""
        return f"{self.most}/{next(unit for unit, size in _UNITS.items() if size == self.seconds)}"

    @property
    def span(self) -> str:
        """With its article: `an hour`."""
        return _SPANS[self.seconds]


def _rate(value: object) -> object:
    return Rate.parse(value) if isinstance(value, str) else value


ARate = Annotated[Rate, BeforeValidator(_rate)]

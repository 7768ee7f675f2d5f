"""How long the parts of a start took."""

import contextlib
import time
from collections.abc import Iterator


class Clock:
    """For the debug log, and for whoever waits. Parts may overlap."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        """In seconds."""

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.parts[name] = time.monotonic() - begun

    def __str__(self) -> str:
        return ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in self.parts.items())

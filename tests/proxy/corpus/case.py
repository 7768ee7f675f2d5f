"""One request of the corpus, and where its data is."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("requests.jsonl")


@dataclass(frozen=True)
class Reading:
    """What a server takes a request for."""

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Case:
    """A request on a connection with one TLS name (none: plain http), what must become of it, and what others read."""

    id: str
    trick: str
    host: str  # the TLS name; of plain http, the host that is meant
    tls: bool
    method: str
    target: str
    authority: str  # of HTTP/2; empty in HTTP/1
    fields: tuple[tuple[str, str], ...]
    tail: str  # what follows the header section
    expected: str  # `allowed`, or the reason
    reader: str
    reading: Reading

    @property
    def http2(self) -> bool:
        return bool(self.authority)

    def raw(self) -> bytes:
        """The HTTP/1 request as it is sent."""
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.fields)]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.tail).encode("utf-8", "surrogateescape")


def load() -> list[Case]:
    """Every case."""
    return [_case(json.loads(line)) for line in DATA.read_text().splitlines()]


def _case(given: dict[str, Any]) -> Case:
    method, host, path, query = given["reading"]
    reading = Reading(method, host, path, tuple((name, value) for name, value in query))
    fields = tuple((name, value) for name, value in given["fields"])
    return Case(**{**given, "fields": fields, "reading": reading})

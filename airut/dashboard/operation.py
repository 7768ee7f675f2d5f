"""What a page for programs says of itself in the description of the interface (OpenAPI)."""

from dataclasses import dataclass

from pydantic import BaseModel


@dataclass(frozen=True)
class Operation:
    summary: str
    answer: type[BaseModel]
    """What comes back as JSON."""
    status: int = 200
    query: tuple[tuple[str, str], ...] = ()
    """Names of what may be asked for in the query, and what each means."""
    body: type[BaseModel] | None = None
    key: bool = False
    """Whether it wants the header `Idempotency-Key`: the same once more is then done once."""

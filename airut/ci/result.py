"""What became of one run: what the report, the summary and `--json` are made of."""

from datetime import datetime
from enum import StrEnum

from airut.models.base import Model


class LimitMet(StrEnum):
    """Which limit ended the command, or a part of it."""

    TIME = "time"
    MEMORY = "memory"
    IDLE = "idle"


class BlockedRequest(Model):
    """What the fence refused, each kind of request once."""

    method: str
    url: str
    """As the command asked for it, without its query."""
    reason: str
    """The proxy's word, as in its log: `host_not_allowed`."""
    count: int
    rule: str | None = None
    """The entry of the allowlist that would let it through, in one line; None where no entry would."""


class RunResult(Model):
    """Of a command that was begun, whatever became of it."""

    sandbox_id: str
    command: tuple[str, ...]
    exit_code: int
    """Of `airut-sandbox`."""
    signal: int | None = None
    """The one that ended the command."""
    started: datetime
    seconds: float
    """From the command's beginning to its end."""
    limit: LimitMet | None = None
    problem: str | None = None
    """Why it ended where it did not end by itself, in a sentence."""
    blocked: tuple[BlockedRequest, ...] = ()
    policy_changes: tuple[str, ...] = ()
    """Files below `.airut/` that the working tree has otherwise than the commit whose policy held."""
    parts_ms: dict[str, int] = {}
    """Of the start, by name; some overlap."""

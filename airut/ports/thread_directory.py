"""Threads as a list shows them, found again after any restart."""

from datetime import datetime
from typing import Protocol

from airut.models.base import Model


class DirectoryUnavailable(Exception):
    """Temporal does not answer now; says why."""


class ThreadFilter(Model):
    """Empty fields ask for nothing."""

    repo: str = ""
    channel: str = ""
    state: str = ""
    """`running`, `idle`, `paused` or `ended`."""
    host: str = ""
    """Open threads whose workspace lies there."""
    outcome: str = ""
    author: str = ""
    """The whole address or name, as the channel gives it."""
    text: str = ""
    """Found in the subject or the thread's id, in any case."""
    since: datetime | None = None
    until: datetime | None = None


class ThreadRow(Model):
    thread: str
    repo: str
    channel: str
    author: str
    subject: str = ""
    state: str
    host: str = ""
    outcome: str
    cost_usd: float
    pull_request: str
    started_at: datetime
    """When it began, or was last carried over into a new history."""
    ended_at: datetime | None = None


class ThreadPage(Model):
    rows: tuple[ThreadRow, ...]
    next_cursor: str = ""
    """Where the next page begins; empty at the end."""
    looked_at: int = 0
    """How many threads were looked through: a search by text stops after some thousand, and goes on by its cursor."""


class ThreadDirectory(Protocol):
    """Every method raises DirectoryUnavailable, within three seconds."""

    async def threads(self, wanted: ThreadFilter, cursor: str = "", limit: int = 50) -> ThreadPage:
        """Newest first. Raises: ValueError: the cursor is none of ours."""
        ...

    async def counts(self, repo: str = "") -> dict[str, int]:
        """How many open threads there are by state, and `ended` ones."""
        ...

    async def exists(self, thread: str) -> bool:
        """Whether there is a thread of that id, open or ended."""
        ...

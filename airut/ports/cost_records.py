"""What tasks have cost."""

from datetime import date, datetime
from typing import Protocol

from airut.models.base import Model
from airut.models.budgets.ledger import DaySpent


class CostRow(Model):
    """One closed task."""

    task: str
    repo: str
    author: str
    model: str
    usd: float
    ended_at: datetime

    @property
    def day(self) -> date:
        """In UTC, for all repositories alike."""
        return self.ended_at.date()


class Costs(Model):
    rows: tuple[CostRow, ...]
    complete: bool = True
    """False where there are more tasks than were looked at; the newest were."""


class CostRecords(Protocol):
    """Every method raises DirectoryUnavailable, within three seconds."""

    async def costs(self, since: datetime, until: datetime, repo: str = "") -> Costs:
        """Tasks that ended in that time, newest first."""
        ...

    async def spent(self, repo: str) -> tuple[DaySpent, ...]:
        """What the repository's budget has counted, newest day first; empty where nothing was ever counted."""
        ...

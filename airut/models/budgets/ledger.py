"""What the tasks of one repository spend and hold, by day: the state of its budget workflow (spec: lifecycle §12).

Sums are whole millionths of a dollar, so that they come out alike in whatever order runs are settled.
"""

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from airut.models.base import Model
from airut.models.budgets.budget import (
    MOST_USD,
    BudgetGrant,
    BudgetName,
    BudgetOrder,
    Budgets,
    BudgetStanding,
    grant,
)
from airut.models.schedules.timezones import ZoneDay

KEPT = timedelta(days=2)
"""Days that are remembered besides today. A run counts on the day of its start: once that day is over, its cost stands
in nobody's way any more, and is kept only to be shown."""

HELD_AGE = timedelta(days=8)
"""A run lasts 7 days at most (`limits.time`), so what is held longer belongs to a task that can never tell its end: its
workflow was deleted, or Temporal's database was put back to an earlier state."""

AUTHORS_MOST = 1_000
CLOSED_MOST = 1_000
"""A thousand authors on each of three days and a thousand keys, 400 bytes each, stay below the 2 MiB of a payload."""


class Hold(Model):
    """A run that may be going on, what was granted to it, and on whose account."""

    author: str
    day: date
    at: datetime
    micros: int
    granted: BudgetGrant


class Closed(Model):
    """A run that was settled or released. `author` and `day` are None when it was settled without a reservation."""

    author: str | None = None
    day: date | None = None
    micros: int = 0


class DaySums(BaseModel):
    """What was spent by the runs that started on one day."""

    model_config = ConfigDict(extra="forbid")

    total: int = 0
    authors: dict[str, int] = Field(default_factory=dict)

    def add(self, author: str, micros: int) -> None:
        self.total += micros
        self.authors[author] = self.authors.get(author, 0) + micros
        if len(self.authors) > AUTHORS_MOST:  # whoever spent least gains least from being forgotten
            del self.authors[min(self.authors, key=lambda each: self.authors[each])]


class DaySpent(Model):
    """One day as the query `spent` tells it, in dollars."""

    day: date
    spent_usd: float
    held_usd: float
    authors: dict[str, float]


class Ledger(BaseModel):
    """All that the budget workflow knows; the only thing that a continued run is given."""

    model_config = ConfigDict(extra="forbid")

    held: dict[str, Hold] = Field(default_factory=dict)
    closed: dict[str, Closed] = Field(default_factory=dict)
    """In the order of their end; the oldest are forgotten."""
    days: dict[date, DaySums] = Field(default_factory=dict)

    def reserve(self, order: BudgetOrder, now: datetime) -> BudgetGrant:
        """Grant a run what all budgets leave, and hold it for the run until it is settled or released.

        The same key again has the same answer and holds nothing more. A refusal holds nothing, and is thought over
        when the key is asked for again.
        """
        request, today = order.request, order.today
        self._forget(today.day, now)
        if before := self.held.get(request.key):
            return before.granted
        if hold := self._full(order):
            return BudgetGrant(hold=hold)
        decided = grant(request, order.budgets, self._standings(request.author, today, order.budgets))
        # A key that was settled is one whose request comes late: nobody would ever give back what it holds.
        limited = order.at_once is not None or order.of_author is not None
        counts = decided.granted_usd is not None or (limited and decided.refusal is None)
        if counts and request.key not in self.closed:
            micros = _micros(decided.granted_usd or 0.0)
            self.held[request.key] = Hold(author=request.author, day=today.day, at=now, micros=micros, granted=decided)
        return decided

    def settle(self, key: str, usd: float) -> None:
        """Count what a run has cost, on the day of its start, and hold nothing for it any more.

        Twice counts once, with the higher cost: so a release before the true cost is known does no harm. The cost of
        a run that never reserved is nobody's, but is remembered so that its late request holds nothing.
        """
        hold = self.held.pop(key, None)
        before = self.closed.pop(key, None) or Closed(author=hold and hold.author, day=hold and hold.day)
        micros = max(before.micros, _micros(usd))
        self.closed[key] = before.model_copy(update={"micros": micros})
        if before.author is not None and before.day is not None and micros > before.micros:
            self.days.setdefault(before.day, DaySums()).add(before.author, micros - before.micros)
        for oldest in list(self.closed)[:-CLOSED_MOST]:
            del self.closed[oldest]

    def release(self, task: str) -> None:
        """Give back what the runs of a closed task still hold."""
        for key in [each for each in self.held if each.startswith(f"{task}/")]:
            self.settle(key, 0.0)

    def spent(self) -> tuple[DaySpent, ...]:
        """The remembered days, newest first."""
        days = sorted({*self.days, *(hold.day for hold in self.held.values())}, reverse=True)
        return tuple(
            DaySpent(
                day=day,
                spent_usd=_usd(sums.total),
                held_usd=_usd(sum(hold.micros for hold in self.held.values() if hold.day == day)),
                authors={author: _usd(micros) for author, micros in sums.authors.items()},
            )
            for day in days
            for sums in (self.days.get(day, DaySums()),)
        )

    def _full(self, order: BudgetOrder) -> str:
        """Why it is not the turn of another run, in words; empty where it is."""
        if order.at_once is not None and len(self.held) >= order.at_once:
            one = "one sandbox of this repository runs"
            running = one if order.at_once == 1 else f"{order.at_once} sandboxes of this repository run"
            return f"{running} at the moment, and no more may (execution.per_repo)"
        own = sum(hold.author == order.request.author for hold in self.held.values())
        if order.of_author is not None and own >= order.of_author:
            one = "one task of the same author runs"
            running = one if order.of_author == 1 else f"{order.of_author} tasks of the same author run"
            return f"{running} at the moment, and no more may (execution.threads_per_author)"
        return ""

    def _standings(self, author: str, today: ZoneDay, budgets: Budgets) -> tuple[BudgetStanding, ...]:
        sums = self.days.get(today.day, DaySums())
        holds = [hold for hold in self.held.values() if hold.day == today.day]
        found = [
            (
                BudgetName.PER_AUTHOR_DAY,
                budgets.per_author_day,
                sums.authors.get(author, 0),
                sum(hold.micros for hold in holds if hold.author == author),
            ),
            (BudgetName.PER_DAY, budgets.per_day, sums.total, sum(hold.micros for hold in holds)),
        ]
        return tuple(
            BudgetStanding(
                which=which,
                limit_usd=limit,
                spent_usd=_usd(spent),
                held_usd=_usd(held),
                renews_at=today.ends_at,
                zone=today.zone,
            )
            for which, limit, spent, held in found
            if limit is not None
        )

    def _forget(self, today: date, now: datetime) -> None:
        for key in [key for key, hold in self.held.items() if now - hold.at > HELD_AGE]:
            self.settle(key, 0.0)  # should it end after all, its true cost still counts
        self.days = {day: sums for day, sums in self.days.items() if today - day <= KEPT}


class BudgetInput(Model):
    """The budget workflow's first argument, and with `carried` that of each continued run."""

    repo: str
    carried: Annotated[Ledger | None, Field(repr=False)] = None


def _micros(usd: float) -> int:
    return round(min(usd, MOST_USD) * 1_000_000)


def _usd(micros: int) -> float:
    return micros / 1_000_000

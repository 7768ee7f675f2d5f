"""Budgets in US dollars: what is asked for, granted or refused, in words too (spec: lifecycle §12)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from airut.models.base import Model
from airut.models.schedules.timezones import ZoneDay
from airut.models.tasks.outcome import Amount

LEAST_USD = 0.01
"""Less than a cent buys no turn of any model: such a rest counts as used up."""

MOST_USD = 1_000_000.0
"""More is a mistake, and sums of it stay exact."""

type Limit = Annotated[float, Field(ge=LEAST_USD, le=MOST_USD, allow_inf_nan=False)]


class BudgetName(StrEnum):
    PER_TASK = "per_task"
    PER_THREAD = "per_thread"
    PER_AUTHOR_DAY = "per_author_day"
    PER_DAY = "per_day"


class Budgets(Model):
    """The limits of one repository; None is no limit. All None where money does not apply: with a subscription."""

    per_task: Limit | None = None
    per_thread: Limit | None = None
    per_author_day: Limit | None = None
    per_day: Limit | None = None
    per_task_max: Limit | None = None
    """What a hint may raise `per_task` to; None means that a hint only lowers it."""
    subscription: bool = False
    """Only so that a hint can be told why it has no effect."""

    @property
    def by_day(self) -> bool:
        """Whether other tasks of the repository count, so that the ledger has to be asked."""
        return self.per_author_day is not None or self.per_day is not None


class BudgetRequest(Model):
    """One agent run that is about to start."""

    key: str
    """`<task id>/<n>`: n counts the runs (segments, attempts) of the task that are to be paid for. A repeated request
    of one key counts once."""
    repo: str
    thread: str
    author: str
    thread_spent_usd: Amount = 0.0
    """All that the thread has spent so far, earlier runs of this task included."""
    task_spent_usd: Amount = 0.0
    """What earlier runs of this task have spent."""
    asked_usd: Amount | None = None
    """The hint `budget:`, for the whole task."""

    @field_validator("key")
    @classmethod
    def _of_a_task(cls, key: str) -> str:
        if not 3 <= len(key) <= 1000 or "/" not in key:  # 1000: Temporal's own limit of an id
            raise ValueError("a key is a task's id, a slash and the number of the run")
        return key


class BudgetOrder(Model):
    """A request as the ledger gets it: with the limits and the day that hold at this moment."""

    request: BudgetRequest
    budgets: Budgets
    today: ZoneDay
    at_once: int | None = None
    """How many runs of the repository there may be at the same time."""
    of_author: int | None = None
    """How many of them may be for threads of one author."""


class BudgetStanding(Model):
    """One budget, and how far it is used up."""

    which: BudgetName
    limit_usd: Amount
    spent_usd: Amount
    held_usd: Amount = 0.0
    """Reserved by tasks that run at this moment."""
    renews_at: datetime | None = None
    """With the offset of the repository's time zone; None for a budget that never renews."""
    zone: str = "UTC"

    @property
    def left_usd(self) -> float:
        return max(0.0, round(self.limit_usd - self.spent_usd - self.held_usd, 6))


_WHOSE = {
    BudgetName.PER_TASK: "of one task",
    BudgetName.PER_THREAD: "of this conversation",
    BudgetName.PER_AUTHOR_DAY: "of one person and day",
    BudgetName.PER_DAY: "of this repository for one day",
}


class BudgetRefusal(BudgetStanding):
    """The budget that stopped a task, before its start or while it ran."""

    @property
    def is_held(self) -> bool:
        """Whether it would be enough if the tasks that run at the moment spent nothing."""
        return self.held_usd > 0 and self.limit_usd - self.spent_usd >= LEAST_USD

    def held_words(self) -> str:
        """What a task waits for, while `is_held`."""
        return f"the budget {_WHOSE[self.which]}, ${self.limit_usd:.2f}, is held by tasks that run at the moment"

    def words(self) -> str:
        """One or two sentences, without the outcome's headline: which budget, spent, limit, renewal, what to do."""
        state = f"The budget {_WHOSE[self.which]} is ${self.limit_usd:.2f}, and ${self.spent_usd:.2f} of it is spent"
        if self.held_usd >= LEAST_USD:
            state += f"; ${self.held_usd:.2f} is held for tasks that run at the moment"
        return f"{state}. {self._next()}"

    def _next(self) -> str:
        if self.renews_at is not None:
            sooner = "Some of it may be free again when those end. " if self.held_usd >= LEAST_USD else ""
            moment = f"{self.renews_at:%Y-%m-%d} at {self.renews_at:%H:%M} ({self.zone})"
            return f"{sooner}It renews on {moment}; reply then to go on."
        if self.which is BudgetName.PER_TASK:
            return "Reply to go on from there: each reply is a new task with a budget of its own."
        return "It does not renew. Start a new conversation, or ask the operator to raise `budgets.per_thread`."


class BudgetGrant(Model):
    """The answer to a request: go ahead with so much, or why not."""

    granted_usd: Amount | None = None
    """What the run may cost; None without a refusal is no limit."""
    refusal: BudgetRefusal | None = None
    note: str = ""
    """For the reply: what became of the hint, when it was not followed as it stood."""
    hold: str = ""
    """Why the run has to wait, in words; there is neither grant nor refusal then, and it is to be asked again."""
    tightest: BudgetStanding | None = None
    """The budget that `granted_usd` comes from, as it stood before the run."""

    def used_up(self, usd: float) -> BudgetRefusal | None:
        """The refusal to answer with when a run was stopped at its grant, after it had cost `usd`."""
        if self.tightest is None:
            return None
        spent = {"spent_usd": self.tightest.spent_usd + usd}
        return BudgetRefusal.model_validate(self.tightest.model_dump() | spent)


class BudgetSettlement(Model):
    """What a run has cost in the end. A run settled twice counts once, with the higher of the two costs."""

    key: str
    repo: str
    usd: Amount


class BudgetRelease(Model):
    """A task that is known to be closed: what its runs still hold is given back."""

    task: str
    repo: str


class Allowance(Model):
    """What one task may cost, and what to say of the hint."""

    usd: Amount | None
    note: str = ""


def allowance(budgets: Budgets, asked: float | None) -> Allowance:
    """The task's own limit: the repository's, which a hint lowers, or raises to at most `per_task_max`."""
    usual = budgets.per_task
    if asked is None:
        return Allowance(usd=usual)
    if budgets.subscription:
        return Allowance(usd=None, note="`budget` has no effect here: the repository works with a subscription.")
    most = usual if budgets.per_task_max is None else budgets.per_task_max
    if most is None or asked <= most:
        return Allowance(usd=asked)
    asked_for, limit = f"`budget: {asked:.2f}`", f"${usual:.2f}" if usual is not None else "no limit of its own"
    return Allowance(
        usd=usual, note=f"{asked_for} is more than the ${most:.2f} that a task may have here; it ran with {limit}."
    )


def own_standings(request: BudgetRequest, budgets: Budgets) -> tuple[BudgetStanding, ...]:
    """The budgets that the task and its thread know themselves: no other task spends from them meanwhile."""
    usd = allowance(budgets, request.asked_usd).usd
    found = [
        (BudgetName.PER_TASK, usd, request.task_spent_usd),
        (BudgetName.PER_THREAD, budgets.per_thread, request.thread_spent_usd),
    ]
    return tuple(
        BudgetStanding(which=which, limit_usd=limit, spent_usd=spent)
        for which, limit, spent in found
        if limit is not None
    )


def grant(request: BudgetRequest, budgets: Budgets, days: tuple[BudgetStanding, ...] = ()) -> BudgetGrant:
    """Decide by all budgets together: the least that any of them has left, or a refusal when that is nothing."""
    note = allowance(budgets, request.asked_usd).note
    standings = (*own_standings(request, budgets), *days)
    if not standings:
        return BudgetGrant(note=note)
    tightest = min(standings, key=lambda each: each.left_usd)
    if tightest.left_usd < LEAST_USD:
        return BudgetGrant(refusal=BudgetRefusal.model_validate(tightest.model_dump()), note=note)
    return BudgetGrant(granted_usd=tightest.left_usd, tightest=tightest, note=note)

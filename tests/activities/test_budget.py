"""Which requests reach the ledger, and with what."""

from datetime import UTC, date, datetime

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.budget import BudgetChecks
from airut.errors import ConfigError, LedgerUnavailable
from airut.models.budgets.budget import (
    BudgetGrant,
    BudgetName,
    BudgetOrder,
    BudgetRefusal,
    BudgetRelease,
    BudgetRequest,
    Budgets,
    BudgetSettlement,
    BudgetStanding,
)
from airut.models.schedules.timezones import ZoneDay

LATE = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)


class Rules:
    def __init__(
        self, budgets: Budgets, hold: str = "", at_once: int | None = None, of_author: int | None = None
    ) -> None:
        self._budgets = budgets
        self._hold = hold
        self._at_once = at_once
        self._of_author = of_author

    def hold(self, repo: str) -> str:
        return self._hold

    def at_once(self, repo: str) -> int | None:
        return self._at_once

    def of_author(self, repo: str) -> int | None:
        return self._of_author

    def budgets(self, repo: str) -> Budgets:
        if repo != "web":
            raise ConfigError(f"the repository {repo} is not configured on this host any more")
        return self._budgets

    def timezone(self, repo: str) -> str:
        return "Europe/Berlin"


class RecordingLedger:
    """Grants a dollar; remembers what it was asked."""

    def __init__(self, away: bool = False) -> None:
        self.asked: list[object] = []
        self._away = away

    async def reserve(self, order: BudgetOrder) -> BudgetGrant:
        self._note(order)
        return BudgetGrant(granted_usd=1.0)

    async def settle(self, settlement: BudgetSettlement) -> None:
        self._note(settlement)

    async def release(self, release: BudgetRelease) -> None:
        self._note(release)

    def _note(self, order: object) -> None:
        if self._away:
            raise LedgerUnavailable("the budget of web does not answer")
        self.asked.append(order)


def request(repo: str = "web", thread_spent: float = 0.0, task_spent: float = 0.0) -> BudgetRequest:
    return BudgetRequest(
        key=f"{repo}/mail/a/task-1/1",
        repo=repo,
        thread=f"{repo}/mail/a",
        author="ann",
        thread_spent_usd=thread_spent,
        task_spent_usd=task_spent,
    )


async def reserve(budgets: Budgets, asked: BudgetRequest, ledger: RecordingLedger) -> BudgetGrant:
    checks = BudgetChecks(Rules(budgets), ledger, now=lambda: LATE)
    found: BudgetGrant = await ActivityEnvironment().run(checks.reserve_budget, asked)
    return found


def standing(which: BudgetName, limit: float, spent: float) -> BudgetStanding:
    return BudgetStanding(which=which, limit_usd=limit, spent_usd=spent)


@pytest.mark.parametrize(
    ("budgets", "expected"),
    [
        (Budgets(), BudgetGrant()),
        (Budgets(subscription=True), BudgetGrant()),
        (
            Budgets(per_task=10),
            BudgetGrant(granted_usd=8.5, tightest=standing(BudgetName.PER_TASK, 10, 1.5)),
        ),
        (
            Budgets(per_task=10, per_thread=25),
            BudgetGrant(granted_usd=5.0, tightest=standing(BudgetName.PER_THREAD, 25, 20)),
        ),
        (
            Budgets(per_thread=20),
            BudgetGrant(refusal=BudgetRefusal(which=BudgetName.PER_THREAD, limit_usd=20, spent_usd=20)),
        ),
    ],
)
async def test_where_no_other_task_counts_the_ledger_is_not_asked(budgets: Budgets, expected: BudgetGrant) -> None:
    ledger = RecordingLedger()
    assert await reserve(budgets, request(thread_spent=20, task_spent=1.5), ledger) == expected
    assert ledger.asked == []


@pytest.mark.parametrize("by_day", [{"per_day": 50}, {"per_author_day": 50}])
async def test_the_ledger_gets_todays_limits_and_the_day_of_the_repositorys_zone(by_day: dict[str, float]) -> None:
    ledger, budgets = RecordingLedger(), Budgets.model_validate({"per_task": 10, **by_day})
    assert await reserve(budgets, request(), ledger) == BudgetGrant(granted_usd=1.0)
    midnight = datetime(2026, 11, 27, 23, tzinfo=UTC)
    today = ZoneDay(day=date(2026, 11, 27), ends_at=midnight, zone="Europe/Berlin")
    assert ledger.asked == [BudgetOrder(request=request(), budgets=budgets, today=today)]


async def test_what_is_held_back_is_not_counted_and_a_number_at_once_is() -> None:
    ledger = RecordingLedger()
    checks = BudgetChecks(Rules(Budgets(per_day=50), hold="web is paused"), ledger, now=lambda: LATE)
    assert await ActivityEnvironment().run(checks.reserve_budget, request()) == BudgetGrant(hold="web is paused")
    assert ledger.asked == []
    checks = BudgetChecks(Rules(Budgets(subscription=True), at_once=3, of_author=2), ledger, now=lambda: LATE)
    await ActivityEnvironment().run(checks.reserve_budget, request())
    (asked,) = ledger.asked
    assert isinstance(asked, BudgetOrder)
    assert (asked.at_once, asked.of_author) == (3, 2)


async def test_settlements_and_releases_are_handed_on() -> None:
    ledger = RecordingLedger()
    checks = BudgetChecks(Rules(Budgets()), ledger)
    orders = (BudgetSettlement(key="k/1", repo="web", usd=1.0), BudgetRelease(task="k", repo="web"))
    await ActivityEnvironment().run(checks.settle_budget, orders[0])
    await ActivityEnvironment().run(checks.release_budget, orders[1])
    assert ledger.asked == list(orders)


@pytest.mark.parametrize(
    ("repo", "away", "retryable", "text"),
    [
        ("web", True, True, "the budget of web does not answer"),
        ("api", False, False, "the repository api is not configured on this host any more"),
    ],
)
async def test_what_is_tried_again_and_what_is_not(repo: str, away: bool, retryable: bool, text: str) -> None:
    with pytest.raises(ApplicationError) as raised:
        await reserve(Budgets(per_task=10, per_day=50), request(repo), RecordingLedger(away))
    assert (raised.value.message, raised.value.non_retryable) == (text, not retryable)

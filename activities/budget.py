"""What an agent run may cost, before it starts; what it has cost, when it has ended."""

from collections.abc import Callable
from datetime import UTC, datetime

from temporalio import activity

from activities.failures import reported
from airut.models.budgets.budget import BudgetGrant, BudgetOrder, BudgetRelease, BudgetRequest, BudgetSettlement, grant
from airut.models.schedules.timezones import zone_day
from airut.models.tasks.outcome import TaskOutcome
from airut.ports.budgets import BudgetLedger, BudgetRules


def _now() -> datetime:
    return datetime.now(UTC)


class BudgetChecks:
    """Asks the ledger only where other tasks of the repository count: by author and day, by day, or by their number."""

    def __init__(self, rules: BudgetRules, ledger: BudgetLedger, now: Callable[[], datetime] = _now) -> None:
        self._rules = rules
        self._ledger = ledger
        self._now = now

    @activity.defn
    async def reserve_budget(self, order: BudgetRequest) -> BudgetGrant:
        with reported(TaskOutcome.INTERNAL_ERROR):
            budgets, at_once = self._rules.budgets(order.repo), self._rules.at_once(order.repo)
            of_author = self._rules.of_author(order.repo)
            if hold := self._rules.hold(order.repo):
                return BudgetGrant(hold=hold)
            if not budgets.by_day and at_once is None and of_author is None:
                return grant(order, budgets)
            today = zone_day(self._now(), self._rules.timezone(order.repo))
            return await self._ledger.reserve(
                BudgetOrder(request=order, budgets=budgets, today=today, at_once=at_once, of_author=of_author)
            )

    @activity.defn
    async def settle_budget(self, order: BudgetSettlement) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            await self._ledger.settle(order)

    @activity.defn
    async def release_budget(self, order: BudgetRelease) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            await self._ledger.release(order)

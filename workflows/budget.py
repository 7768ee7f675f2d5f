"""The count of what a repository's tasks spend and hold, as one durable entity (spec: lifecycle §12)."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.budgets.budget import BudgetGrant, BudgetOrder, BudgetRelease, BudgetSettlement
    from airut.models.budgets.ledger import BudgetInput, DaySpent, Ledger

UPDATES_MOST = 500
"""Temporal takes 2,000 updates in one run, and the suggestion to continue may come late in a storm of them."""

LULL = timedelta(seconds=1)
"""Between two looks for a moment in which nobody asks."""


@workflow.defn(name=contracts.BUDGET_WORKFLOW)
class BudgetWorkflow:
    """Handlers are short and synchronous, so that each decision sees all earlier ones and none is ever in flight."""

    @workflow.init
    def __init__(self, order: BudgetInput) -> None:
        self._repo = order.repo
        self._ledger = order.carried.model_copy(deep=True) if order.carried else Ledger()
        self._updates = 0
        self._answered_at = 0

    @workflow.run
    async def run(self, order: BudgetInput) -> None:
        """Continue only from a workflow task that answers nobody. The server refuses a continuation while something
        newer waits, and undoes the whole task: its answers with it, whose callers ask again at once. A storm of
        them would be refused for ever."""
        await workflow.wait_condition(self._should_continue)
        while self._answered_in_this_task():
            await workflow.sleep(LULL)
        workflow.continue_as_new(order.model_copy(update={"carried": self._ledger}))

    @workflow.update(name=contracts.RESERVE)
    def reserve(self, order: BudgetOrder) -> BudgetGrant:
        self._updates += 1
        self._answered_at = workflow.info().get_current_history_length()
        return self._ledger.reserve(order, workflow.now())

    @reserve.validator
    def _same_repository(self, order: BudgetOrder) -> None:
        if order.request.repo != self._repo:
            raise ValueError(f"this is the budget of {self._repo}, not of {order.request.repo}")

    @workflow.signal(name=contracts.SETTLE)
    def settle(self, settlement: BudgetSettlement) -> None:
        self._ledger.settle(settlement.key, settlement.usd)

    @workflow.signal(name=contracts.RELEASE)
    def release(self, release: BudgetRelease) -> None:
        self._ledger.release(release.task)

    @workflow.query(name=contracts.SPENT)
    def spent(self) -> list[DaySpent]:
        return list(self._ledger.spent())

    def _should_continue(self) -> bool:
        suggested = workflow.info().is_continue_as_new_suggested() or self._updates >= UPDATES_MOST
        return suggested and workflow.all_handlers_finished()

    def _answered_in_this_task(self) -> bool:
        return self._answered_at == workflow.info().get_current_history_length()

"""The count of what a repository's tasks spend and hold, as one durable entity (spec: lifecycle §12)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.budgets.budget import BudgetGrant, BudgetOrder, BudgetRelease, BudgetSettlement
    from airut.models.budgets.ledger import BudgetInput, DaySpent, Ledger

UPDATES_MOST = 500
"""Temporal takes 2,000 updates in one run, and the suggestion to continue may come late in a storm of them."""


@workflow.defn(name=contracts.BUDGET_WORKFLOW)
class BudgetWorkflow:
    """Handlers are short and synchronous, so that each decision sees all earlier ones and none is ever in flight."""

    @workflow.init
    def __init__(self, order: BudgetInput) -> None:
        self._repo = order.repo
        self._ledger = order.carried.model_copy(deep=True) if order.carried else Ledger()
        self._updates = 0

    @workflow.run
    async def run(self, order: BudgetInput) -> None:
        await workflow.wait_condition(self._should_continue)
        workflow.continue_as_new(order.model_copy(update={"carried": self._ledger}))

    @workflow.update(name=contracts.RESERVE)
    def reserve(self, order: BudgetOrder) -> BudgetGrant:
        self._updates += 1
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

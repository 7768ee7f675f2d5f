"""What a task may spend: asked before each sandbox, told after it (spec: lifecycle §12)."""

from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.budget import BudgetGrant, BudgetRelease, BudgetRequest, BudgetSettlement
    from airut.models.outcome import AgentOutcome, AgentVerdict, TaskOutcome
    from workflows import options
    from workflows.outcomes import Ended, reason

if TYPE_CHECKING:
    from workflows.task import TaskWorkflow


class Spending:
    """Belongs to one TaskWorkflow, which has one sandbox at a time: each is a run that is paid for by itself."""

    def __init__(self, flow: "TaskWorkflow") -> None:
        self._flow = flow
        self._grant = BudgetGrant()

    async def reserve(self) -> float | None:
        """Before each sandbox: what it may cost, in dollars; None is no limit.

        Raises:
            Ended: nothing is left; says which budget, and when it renews.
        """
        flow, spent = self._flow, self._flow.result.usage.cost_usd
        order = BudgetRequest(
            key=self._key,
            repo=flow.task.repo,
            thread=flow.task.thread,
            author=flow.task.messages[-1].author,
            thread_spent_usd=flow.task.spent_usd + spent,
            task_spent_usd=spent,
            asked_usd=flow.task.hints.budget,
        )
        config = flow.at_control(options.BUDGET, "reserve the budget")
        self._grant = await workflow.execute_activity(contracts.reserve_budget, order, **config)
        if self._grant.refusal:
            raise Ended(TaskOutcome.BUDGET_EXCEEDED, self._grant.refusal.words())
        if self._grant.note and self._grant.note not in flow.notes:
            flow.notes.append(self._grant.note)
        return self._grant.granted_usd

    async def settle(self, usd: float) -> None:
        """What the sandbox has really cost, also when it was never made: a reservation may have been."""
        if self._grant.refusal:
            return
        order = BudgetSettlement(key=self._key, repo=self._flow.task.repo, usd=usd)
        config = self._flow.at_control(options.BUDGET, "settle the budget")
        try:
            await workflow.execute_activity(contracts.settle_budget, order, **config)
        except ActivityError as error:  # what nobody settles is given back by itself, and the answer must not wait
            workflow.logger.error("costs were not settled: %s", reason(error)[1])

    def why(self, verdict: AgentVerdict) -> str:
        """The detail of an end: the agent knows that its grant is used up, and not which budget that came from."""
        refusal = self._grant.used_up(verdict.usage.cost_usd)
        return refusal.words() if refusal and verdict.outcome is AgentOutcome.BUDGET_EXCEEDED else verdict.detail

    @property
    def _key(self) -> str:
        return f"{self._flow.task.id}/{self._flow.attempt}"


async def release(task: str, repo: str) -> None:
    """For a task that was terminated: what it still holds is given back, since it cannot settle any more."""
    config = options.at(options.BUDGET, contracts.CONTROL_QUEUE, "release the budget", repo)
    try:
        await workflow.execute_activity(contracts.release_budget, BudgetRelease(task=task, repo=repo), **config)
    except ActivityError as error:
        workflow.logger.error("the budget was not released: %s", type(error.cause).__name__)

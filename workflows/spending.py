"""What a task may spend: asked before each sandbox, told after it (spec: lifecycle §12)."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.budgets.budget import BudgetGrant, BudgetRefusal, BudgetRelease, BudgetRequest, BudgetSettlement
    from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, TaskOutcome
    from airut.models.tasks.task import TaskStep
    from workflows import options
    from workflows.flow import Flow
    from workflows.holds import Holds
    from workflows.outcomes import Ended, reason
    from workflows.patience import TOLD

SHORTEST, LONGEST = timedelta(seconds=30), timedelta(minutes=10)
"""Between two looks at money that other tasks hold: those end in minutes or hours."""
SOON = timedelta(seconds=5)
"""The first of them, for what an operator holds back: often it is taken back within a minute."""


class Spending:
    """Belongs to one open task, which has one sandbox at a time: each is a run that is paid for by itself."""

    def __init__(self, flow: Flow, holds: Holds) -> None:
        self._flow = flow
        self._holds = holds
        self._informed = False
        self._grant = BudgetGrant()

    async def reserve(self) -> float | None:
        """Before each sandbox: what it may cost, in dollars; None is no limit. What other tasks hold at the moment, and
        may give back, is waited for.

        Raises:
            Ended: nothing is left; says which budget, and when it renews. Or a stop came first.
        """
        wait, begun = None, workflow.now()
        while (waits_for := await self._waits_for()) is not None:
            wait = min(wait * 2, LONGEST) if wait else (SOON if self._grant.hold else SHORTEST)
            until = workflow.now() + wait * (0.5 + workflow.random().random())  # not all waiting tasks at once
            await self._holds.park(TaskStep.PREPARING, waits_for, until, lambda: False)
            await self._holds.may_go_on()
            if not self._informed and workflow.now() - begun > TOLD:
                self._informed = True
                await self._holds.inform(f"Your task waits: {waits_for}. It goes on by itself.")
        flow = self._flow
        if self._grant.note and self._grant.note not in flow.notes:
            flow.notes.append(self._grant.note)
        return self._grant.granted_usd

    async def _waits_for(self) -> str | None:
        """Asks; in words, what has to be waited for before it is asked again.

        Raises:
            Ended: nothing is left.
        """
        refusal = await self._refusal()
        if self._grant.hold:
            return self._grant.hold
        if refusal is not None and not refusal.is_held:
            raise Ended(TaskOutcome.BUDGET_EXCEEDED, refusal.words())
        return None if refusal is None else refusal.held_words()

    async def _refusal(self) -> BudgetRefusal | None:
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
        self._grant = await workflow.execute_activity(stubs.reserve_budget, order, **config)
        return self._grant.refusal

    async def settle(self, usd: float) -> None:
        """What the sandbox has really cost, also when it was never made: a reservation may have been."""
        if self._grant.refusal or self._grant.hold:
            return
        order = BudgetSettlement(key=self._key, repo=self._flow.task.repo, usd=usd)
        config = self._flow.at_control(options.BUDGET, "settle the budget")
        try:
            await workflow.execute_activity(stubs.settle_budget, order, **config)
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
        await workflow.execute_activity(stubs.release_budget, BudgetRelease(task=task, repo=repo), **config)
    except ActivityError as error:
        workflow.logger.error("the budget was not released: %s", type(error.cause).__name__)

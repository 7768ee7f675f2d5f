"""A repository's ledger is a workflow; this is how activities reach it."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.errors import LedgerUnavailable
from airut.models.budgets.budget import BudgetGrant, BudgetOrder, BudgetRelease, BudgetSettlement
from airut.models.budgets.ledger import BudgetInput

AT_ONCE = 4
"""Requests that one process has under way. Temporal takes ten of a workflow's, and sends the others back to be tried
again after a while: standing in line here is shorter, also where two processes do."""

LIMIT = timedelta(seconds=10)
"""For one try: an update takes some milliseconds, 100 where it also starts the workflow. The activity is retried."""


class TemporalBudgetLedger:
    """Implements `airut.ports.budgets.BudgetLedger`."""

    def __init__(self, client: Client, limit: timedelta = LIMIT) -> None:
        self._client = client
        self._limit = limit
        self._line = asyncio.Semaphore(AT_ONCE)

    async def reserve(self, order: BudgetOrder) -> BudgetGrant:
        repo = order.request.repo
        start: WithStartWorkflowOperation[object, None] = WithStartWorkflowOperation(
            contracts.BUDGET_WORKFLOW,
            BudgetInput(repo=repo),
            id=contracts.budget_id(repo),
            task_queue=contracts.CONTROL_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"{repo}: what its tasks spend",
            search_attributes=TypedSearchAttributes([SearchAttributePair(contracts.REPO, repo)]),
            priority=Priority(fairness_key=repo),
        )
        try:
            async with self._line:
                granted: BudgetGrant = await self._client.execute_update_with_start_workflow(
                    contracts.RESERVE,
                    order,
                    start_workflow_operation=start,
                    result_type=BudgetGrant,
                    rpc_timeout=self._limit,
                )
        except (RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            with suppress(RPCError):  # the start has the same error, and nobody else looks at it
                await start.workflow_handle()
            raise LedgerUnavailable(f"the budget of {repo} does not answer ({type(error).__name__})") from error
        return granted

    async def settle(self, settlement: BudgetSettlement) -> None:
        await self._signal(settlement.repo, contracts.SETTLE, settlement)

    async def release(self, release: BudgetRelease) -> None:
        await self._signal(release.repo, contracts.RELEASE, release)

    async def _signal(self, repo: str, name: str, order: BudgetSettlement | BudgetRelease) -> None:
        """The server alone accepts a signal. It starts nothing: what was never reserved need not be settled."""
        try:
            await self._client.get_workflow_handle(contracts.budget_id(repo)).signal(
                name, order, rpc_timeout=self._limit
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise LedgerUnavailable(f"the budget of {repo} does not answer ({error.status.name})") from error

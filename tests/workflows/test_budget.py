"""The ledger as a workflow, over a real Temporal server, through the activities' own adapter."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from airut import contracts
from airut.errors import LedgerUnavailable
from airut.models.budgets.budget import (
    BudgetGrant,
    BudgetName,
    BudgetOrder,
    BudgetRelease,
    BudgetRequest,
    Budgets,
    BudgetSettlement,
)
from airut.models.budgets.ledger import BudgetInput, DaySpent
from airut.models.schedules.timezones import ZoneDay
from airut.temporal.budget import TemporalBudgetLedger
from workflows.budget import BudgetWorkflow

TODAY = ZoneDay(day=date(2026, 11, 26), ends_at=datetime(2026, 11, 27, tzinfo=UTC), zone="UTC")


@pytest.fixture
async def ledger(temporal: WorkflowEnvironment) -> AsyncIterator[TemporalBudgetLedger]:
    async with Worker(temporal.client, task_queue=contracts.CONTROL_QUEUE, workflows=[BudgetWorkflow]):
        yield TemporalBudgetLedger(temporal.client, limit=timedelta(seconds=60))


@pytest.fixture
def repo() -> str:
    return f"web-{uuid.uuid4().hex[:8]}"


def order(repo: str, task: str, author: str = "ann", **budgets: float) -> BudgetOrder:
    request = BudgetRequest(key=f"{repo}/mail/a/{task}/1", repo=repo, thread=f"{repo}/mail/a", author=author)
    return BudgetOrder(request=request, budgets=Budgets.model_validate(budgets), today=TODAY)


def settlement(repo: str, task: str, usd: float) -> BudgetSettlement:
    return BudgetSettlement(key=f"{repo}/mail/a/{task}/1", repo=repo, usd=usd)


async def spent(client: Client, repo: str) -> list[DaySpent]:
    found: list[DaySpent] = await client.get_workflow_handle(contracts.budget_id(repo)).query(
        contracts.SPENT, result_type=list[DaySpent]
    )
    return found


async def replays(client: Client, repo: str) -> None:
    history = await client.get_workflow_handle(contracts.budget_id(repo)).fetch_history()
    await Replayer(workflows=[BudgetWorkflow], data_converter=client.data_converter).replay_workflow(history)


async def test_tasks_that_start_at_once_share_the_day(
    temporal: WorkflowEnvironment, ledger: TemporalBudgetLedger, repo: str
) -> None:
    asked = [ledger.reserve(order(repo, f"task-{n}", per_task=10, per_day=25)) for n in range(6)]
    granted = [
        grant.granted_usd if not grant.refusal else grant.refusal.which for grant in await asyncio.gather(*asked)
    ]
    assert sorted(granted, key=str) == [10.0, 10.0, 5.0, *[BudgetName.PER_DAY] * 3]
    await replays(temporal.client, repo)


async def test_a_run_that_asks_and_settles_twice_counts_once(
    temporal: WorkflowEnvironment, ledger: TemporalBudgetLedger, repo: str
) -> None:
    for _ in range(3):
        assert (await ledger.reserve(order(repo, "task-1", per_task=10, per_day=25))).granted_usd == 10.0
    await ledger.reserve(order(repo, "task-2", "bob", per_task=10, per_day=25))
    for _ in range(3):
        await ledger.settle(settlement(repo, "task-1", 1.25))
    expected = DaySpent(day=TODAY.day, spent_usd=1.25, held_usd=10.0, authors={"ann": 1.25})
    assert await spent(temporal.client, repo) == [expected]
    await ledger.release(BudgetRelease(task=f"{repo}/mail/a/task-2", repo=repo))
    assert await spent(temporal.client, repo) == [expected.model_copy(update={"held_usd": 0.0})]
    await replays(temporal.client, repo)


async def test_nothing_is_forgotten_when_the_run_continues_as_new(
    temporal: WorkflowEnvironment, ledger: TemporalBudgetLedger, repo: str
) -> None:
    handle = temporal.client.get_workflow_handle(contracts.budget_id(repo))
    for number in range(60):  # the suite's server suggests to continue after 150 events
        await ledger.reserve(order(repo, f"task-{number}", per_task=10, per_day=1000))
        await ledger.settle(settlement(repo, f"task-{number}", 0.5))
    async with asyncio.timeout(60):  # it does so in a lull
        while not await _has_continued(handle):
            await asyncio.sleep(0.1)
    assert [(day.spent_usd, day.held_usd) for day in await spent(temporal.client, repo)] == [(30.0, 0.0)]
    await ledger.settle(settlement(repo, "task-0", 0.5))
    assert [day.spent_usd for day in await spent(temporal.client, repo)] == [30.0]
    await replays(temporal.client, repo)


async def _has_continued(handle: WorkflowHandle[Any, Any]) -> bool:
    description = await handle.describe()
    return description.run_id != description.raw_description.workflow_execution_info.first_run_id


async def test_what_was_never_reserved_needs_no_ledger(ledger: TemporalBudgetLedger, repo: str) -> None:
    await ledger.settle(settlement(repo, "task-1", 1.0))
    await ledger.release(BudgetRelease(task=f"{repo}/mail/a/task-1", repo=repo))


async def test_an_order_for_another_repository_is_turned_away(
    temporal: WorkflowEnvironment, ledger: TemporalBudgetLedger, repo: str
) -> None:
    await ledger.reserve(order(repo, "task-1", per_task=10, per_day=25))
    handle = temporal.client.get_workflow_handle(contracts.budget_id(repo))
    for malformed in (order("api", "task-1", per_task=10, per_day=25), {"request": "nothing"}):
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(contracts.RESERVE, malformed, result_type=BudgetGrant)
    assert (await ledger.reserve(order(repo, "task-2", per_task=10, per_day=25))).granted_usd == 10.0


async def test_a_ledger_that_does_not_answer_is_worth_another_try(temporal: WorkflowEnvironment, repo: str) -> None:
    ledger = TemporalBudgetLedger(temporal.client, limit=timedelta(seconds=1))  # no worker runs
    id_ = contracts.budget_id(repo)
    handle = await temporal.client.start_workflow(
        contracts.BUDGET_WORKFLOW, BudgetInput(repo=repo), id=id_, task_queue=contracts.CONTROL_QUEUE
    )
    with pytest.raises(LedgerUnavailable, match=f"the budget of {repo} does not answer"):
        await ledger.reserve(order(repo, "task-1", per_task=10, per_day=25))
    await handle.terminate()  # no other test's worker knows it


async def test_a_storm_of_starts_and_ends_loses_nothing_across_continuations(
    temporal: WorkflowEnvironment, ledger: TemporalBudgetLedger, repo: str
) -> None:
    ledger = TemporalBudgetLedger(temporal.client)  # with the limit of the product

    async def task(number: int) -> float:
        name = f"task-{number}"
        while True:
            try:
                decided = await ledger.reserve(order(repo, name, per_task=10, per_day=1000))
                break
            except LedgerUnavailable:  # as Temporal would try the activity again
                await asyncio.sleep(0.05)
        assert decided.granted_usd is not None
        await ledger.settle(settlement(repo, name, 0.25))
        return decided.granted_usd

    granted = [
        await asyncio.gather(*(task(number) for number in range(first, first + 50))) for first in range(0, 300, 50)
    ]
    assert [round(sum(each)) for each in granted] == [500] * 6
    assert [(day.spent_usd, day.held_usd) for day in await spent(temporal.client, repo)] == [(75.0, 0.0)]
    await replays(temporal.client, repo)

"""From `airut.yaml` to the ledger and back: what a task is told over a day, with the activities that workers run."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from activities.budget import BudgetChecks
from airut import contracts
from airut.config.budgets import ConfiguredBudgets
from airut.config.schema import Config
from airut.models.budgets.budget import BudgetGrant, BudgetRelease, BudgetRequest, BudgetSettlement
from airut.temporal.budget import TemporalBudgetLedger
from workflows.budget import BudgetWorkflow


class Days:
    """A repository of its own, and a clock that the test turns."""

    def __init__(self, temporal: WorkflowEnvironment, **budgets: float | None) -> None:
        self.repo = f"web-{uuid.uuid4().hex[:8]}"
        self.now = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
        repo = {
            "url": "https://github.com/acme/web.git",
            "channels": {"console": {}},
            "agent": {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}},
            "timezone": "Europe/Berlin",
            "budgets": budgets,
        }
        own = {"config_version": 1, "execution": {"threads_per_author": None}, "repos": {self.repo: repo}}
        config = Config.model_validate(own)
        ledger = TemporalBudgetLedger(temporal.client, limit=timedelta(seconds=60))
        self._checks = BudgetChecks(ConfiguredBudgets(config), ledger, now=lambda: self.now)

    def task(self, number: int) -> str:
        return f"{self.repo}/mail/a/task-{number}"

    async def reserve(self, number: int, author: str = "ann", asked: float | None = None) -> str:
        """What the task is told: its grant and its note, or why not."""
        request = BudgetRequest(
            key=f"{self.task(number)}/1", repo=self.repo, thread=f"{self.repo}/mail/a", author=author, asked_usd=asked
        )
        decided: BudgetGrant = await ActivityEnvironment().run(self._checks.reserve_budget, request)
        if decided.refusal:
            return decided.refusal.words()
        return f"{decided.granted_usd:.2f} {decided.note}".rstrip()

    async def settle(self, number: int, usd: float) -> None:
        settlement = BudgetSettlement(key=f"{self.task(number)}/1", repo=self.repo, usd=usd)
        await ActivityEnvironment().run(self._checks.settle_budget, settlement)

    async def release(self, number: int) -> None:
        release = BudgetRelease(task=self.task(number), repo=self.repo)
        await ActivityEnvironment().run(self._checks.release_budget, release)


@pytest.fixture
async def worker(temporal: WorkflowEnvironment) -> AsyncIterator[None]:
    async with Worker(temporal.client, task_queue=contracts.CONTROL_QUEUE, workflows=[BudgetWorkflow]):
        yield


@pytest.mark.usefixtures("worker")
async def test_a_day_of_a_repository(temporal: WorkflowEnvironment) -> None:
    days = Days(temporal, per_task=10, per_author_day=15, per_day=20, per_task_max=30)
    assert await days.reserve(1) == "10.00"
    assert await days.reserve(2) == "5.00"
    assert await days.reserve(3) == (
        "The budget of one person and day is $15.00, and $0.00 of it is spent; $15.00 is held for tasks that run at the "
        "moment. Some of it may be free again when those end. It renews on 2026-11-27 at 00:00 (Europe/Berlin); reply "
        "then to go on."
    )
    await days.settle(1, 2.5)
    await days.release(2)
    assert await days.reserve(4, asked=40) == (
        "10.00 `budget: 40.00` is more than the $30.00 that a task may have here; it ran with $10.00."
    )
    assert await days.reserve(5, "bob", asked=25) == "7.50"
    await days.settle(4, 10.0)
    await days.settle(5, 8.0)
    assert await days.reserve(6, "cid") == (
        "The budget of this repository for one day is $20.00, and $20.50 of it is spent. It renews on 2026-11-27 at "
        "00:00 (Europe/Berlin); reply then to go on."
    )
    days.now = datetime(2026, 11, 26, 23, 0, tzinfo=UTC)  # midnight in Berlin
    assert await days.reserve(7, "cid") == "10.00"


async def test_what_is_spent_is_known_to_the_next_worker_and_ends_are_told_while_none_runs(
    temporal: WorkflowEnvironment,
) -> None:
    days = Days(temporal, per_task=10, per_day=15)
    async with Worker(temporal.client, task_queue=contracts.CONTROL_QUEUE, workflows=[BudgetWorkflow]):
        assert await days.reserve(1) == "10.00"
    await days.settle(1, 7.0)
    async with Worker(temporal.client, task_queue=contracts.CONTROL_QUEUE, workflows=[BudgetWorkflow]):
        assert await days.reserve(2) == "8.00"


async def test_without_limits_of_a_day_no_ledger_is_made(temporal: WorkflowEnvironment) -> None:
    days = Days(temporal, per_task=10, per_author_day=None, per_day=None)
    assert await days.reserve(1) == "10.00"
    await days.settle(1, 1.0)
    await days.release(1)
    made = [each async for each in temporal.client.list_workflows(f"WorkflowId = '{contracts.budget_id(days.repo)}'")]
    assert made == []

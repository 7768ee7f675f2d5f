"""A schedule on a real Temporal server, and what became of its firings."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, ScheduleBackfill, ScheduleHandle, ScheduleOverlapPolicy, WorkflowExecution
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from airut.models.schedules.firing import FiringResult, ScheduledTask
from airut.models.schedules.schedule import DeliverTo, ScheduleSettings
from airut.temporal.schedules import as_schedule, scheduled_task
from workflows.schedule import ScheduledTaskWorkflow

Make = Callable[..., "asyncio.Future[Scheduled]"]


LIMIT = 60.0


class Scheduled:
    """One schedule on the server, and what became of its firings."""

    def __init__(self, client: Client, task: ScheduledTask) -> None:
        self.client = client
        self.task = task
        self.handle: ScheduleHandle = client.get_schedule_handle(task.id)

    async def firings(self) -> list[WorkflowExecution]:
        """Oldest first."""
        query = f"TemporalScheduledById = '{self.task.id}'"
        found = [each async for each in self.client.list_workflows(query)]
        return sorted(found, key=lambda each: each.id)

    async def fired(self, count: int) -> list[WorkflowExecution]:
        """The same, once visibility has so many."""
        async with asyncio.timeout(LIMIT):
            while len(found := await self.firings()) < count:
                await asyncio.sleep(0.05)
        return found

    async def results(self, count: int) -> list[FiringResult]:
        """Wait for this many firings to end, and return what came of each, oldest first."""
        async with asyncio.timeout(LIMIT):
            found = await self.fired(count)
            return [await self.client.get_workflow_handle(each.id, result_type=FiringResult).result() for each in found]

    async def backfill(self, *moments: datetime) -> None:
        """Fire for these times as if they were missed, one after another."""
        for moment in moments:
            minute = timedelta(seconds=30)
            await self.handle.backfill(
                ScheduleBackfill(
                    start_at=moment - minute, end_at=moment + minute, overlap=ScheduleOverlapPolicy.ALLOW_ALL
                )
            )
            await asyncio.sleep(0.3)


@pytest.fixture
async def schedule(temporal: WorkflowEnvironment) -> AsyncIterator[Make]:
    made: list[Scheduled] = []

    async def make(zone: str = "UTC", now: datetime | None = None, **values: object) -> Scheduled:
        given = {
            "cron": "0 0 1 1 *",
            "prompt": "look around",
            "deliver": DeliverTo(email=("ann@example.com",)),
        } | values
        settings = ScheduleSettings.model_validate({key: value for key, value in given.items() if value is not None})
        task = scheduled_task("web", f"s{uuid.uuid4().hex[:8]}", zone, settings, now or datetime.now(UTC))
        await temporal.client.create_schedule(task.id, as_schedule(task))
        made.append(Scheduled(temporal.client, task))
        return made[-1]

    yield make  # type: ignore[misc]  # a coroutine function is one that makes futures
    for each in made:
        await each.handle.delete()


async def replays(client: Client, firing: str) -> None:
    replayer = Replayer(workflows=[ScheduledTaskWorkflow], data_converter=client.data_converter)
    await replayer.replay_workflow(await client.get_workflow_handle(firing).fetch_history())


async def told_to_stop(client: Client, firing: str) -> None:
    """It is, and has done what it does about it."""
    handle = client.get_workflow_handle(firing)
    await handle.cancel()
    async with asyncio.timeout(LIMIT):
        while True:
            kinds = [event.event_type async for event in handle.fetch_history_events()]
            asked = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
            if asked in kinds and EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED in kinds[kinds.index(asked) :]:
                return
            await asyncio.sleep(0.05)

"""Workers for the whole product on one client, with activities that play a part."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from temporalio.client import Client
from temporalio.worker import Worker

from airut import contracts
from tests.support.scripted_activities import ScriptedActivities
from workflows.task import TaskWorkflow
from workflows.thread import ThreadWorkflow


@asynccontextmanager
async def scripted_workers(client: Client, cached: int = 1000) -> AsyncIterator[ScriptedActivities]:
    """All queues are served until the block ends. `cached` workflows stay in memory; the default is the SDK's."""
    activities = ScriptedActivities()
    host = (contracts.host_queue(activities.host), contracts.agent_queue(activities.host))
    async with AsyncExitStack() as stack:
        for queue in (contracts.CONTROL_QUEUE, contracts.PLACEMENT_QUEUE, *host):
            workflows = [ThreadWorkflow, TaskWorkflow] if queue == contracts.CONTROL_QUEUE else []
            worker = Worker(
                client,
                task_queue=queue,
                workflows=workflows,
                activities=activities.all(),
                max_cached_workflows=cached,
            )
            await stack.enter_async_context(worker)
        yield activities


async def task_closed(client: Client, thread: str, number: int) -> None:
    """Wait until the thread's task of this number has closed, however it ended."""
    query = f"WorkflowId = '{thread}/task-{number}' and ExecutionStatus != 'Running'"
    async with asyncio.timeout(60):
        while not [task async for task in client.list_workflows(query)]:
            await asyncio.sleep(0.05)

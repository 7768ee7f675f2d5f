"""How many threads there are, and what waits for a sandbox, as Temporal knows it."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from airut import contracts
from airut.models.telemetry.metrics import TASKS_QUEUED, THREADS_LIVE
from airut.ports.telemetry import Telemetry
from airut.temporal.hosts import hosts

EVERY = 30.0
"""Seconds between two counts: each is a question for every repository and every host."""

LIMIT = timedelta(seconds=5)

ALL = "all"
"""A queue does not say whose its tasks are, nor a thread that waits for its place which host will have it."""


def threads_look(client: Client, repos: Callable[[], tuple[str, ...]]) -> Callable[[Telemetry], Awaitable[None]]:
    """For one of the installation's control workers; several say the same."""
    due = 0.0

    async def look(into: Telemetry) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        due = time.monotonic() + EVERY
        for repo in repos():
            into.record(THREADS_LIVE, await open_threads(client, repo), repo=repo, host=ALL)
        async for host, _ in hosts(client):
            into.record(TASKS_QUEUED, await waiting_agents(client, host), repo=ALL, host=host)

    return look


async def open_threads(client: Client, repo: str) -> int:
    """Threads that have not ended. Raises: RPCError"""
    query = (
        f"WorkflowType = '{contracts.THREAD_WORKFLOW}' AND ExecutionStatus = 'Running' "
        f"AND {contracts.REPO.name} = '{repo}'"
    )
    return (await client.count_workflows(query, rpc_timeout=LIMIT)).count


async def waiting_agents(client: Client, host: str) -> int:
    """Agents that wait for one of the host's sandboxes to be free, about. Raises: RPCError"""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=contracts.agent_queue(host)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_stats=True,
    )
    found = await client.workflow_service.describe_task_queue(request, timeout=LIMIT)
    return found.stats.approximate_backlog_count

"""Sandbox hosts from Temporal's visibility and their queues' pollers."""

import asyncio

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from airut import contracts
from airut.models.threads.thread import ThreadPhase
from airut.ports.host_directory import HostRow
from airut.temporal.directory_errors import LIMIT, unavailable
from airut.temporal.hosts import hosts, last_poll
from airut.temporal.thread_directory import OPEN, OURS


class TemporalHostDirectory:
    """Implements `airut.ports.host_directory.HostDirectory`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def hosts(self) -> tuple[HostRow, ...]:
        with unavailable():
            async with asyncio.timeout(LIMIT.total_seconds()):
                seen = sorted([found async for found in hosts(self._client)])
                return tuple(await asyncio.gather(*(self._row(host, state) for host, state in seen)))

    async def control_polls(self) -> bool:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=contracts.CONTROL_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        with unavailable():
            found = await self._client.workflow_service.describe_task_queue(request, timeout=LIMIT)
        return bool(found.pollers)

    async def _row(self, host: str, state: str) -> HostRow:
        polled, pinned, running = await asyncio.gather(
            last_poll(self._client, host),
            self._count(host, ""),
            self._count(host, f" AND {contracts.STATE.name} = '{ThreadPhase.RUNNING}'"),
        )
        return HostRow(
            host=host,
            drained=state == "drained",
            polled_s=None if polled is None else polled.total_seconds(),
            pinned=pinned,
            running=running,
        )

    async def _count(self, host: str, more: str) -> int:
        query = f"{OURS} AND {OPEN} AND {contracts.HOST.name} = '{host}'{more}"  # a host's name has no quotes
        return (await self._client.count_workflows(query, rpc_timeout=LIMIT)).count

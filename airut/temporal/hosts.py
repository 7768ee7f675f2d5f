"""Sandbox hosts, as Temporal has seen them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.models.hosts.host import DrainOrder, HostInput, HostStatus, HostUp
from airut.models.threads.steering import TaskStatus
from airut.models.threads.thread import ThreadStatus

LIMIT = timedelta(seconds=20)
"""For one try of an update: a host that is away is waited for ten seconds."""


async def report_up(client: Client, host: str, *, drain: bool) -> None:
    """Tell Temporal that the host's worker polls; what it answers through the host's queue opens or closes placement.

    Raises:
        RPCError: Temporal is away or refused.
    """
    await client.start_workflow(
        contracts.HOST_WORKFLOW,
        HostInput(host=host),
        id=contracts.host_workflow(host),
        task_queue=contracts.CONTROL_QUEUE,
        start_signal=contracts.HOST_UP,
        start_signal_args=[HostUp(drain=drain)],
        static_summary=f"sandbox host {host}",
        search_attributes=TypedSearchAttributes([SearchAttributePair(contracts.STATE, "serving")]),
    )


async def set_drained(client: Client, host: str, *, drain: bool) -> HostStatus:
    """Drain a host, or undo it.

    Raises:
        RPCError: no such host was ever seen (NOT_FOUND); Temporal is away.
        WorkflowUpdateRPCTimeoutOrCancelledError: no control worker answers.
    """
    handle = client.get_workflow_handle(contracts.host_workflow(host))
    status: HostStatus = await handle.execute_update(
        contracts.DRAIN, DrainOrder(drain=drain), result_type=HostStatus, rpc_timeout=LIMIT
    )
    return status


async def release_idle(client: Client, host: str) -> int:
    """End the idle threads whose workspace lies there, as a long quiet would: each is archived, and a reply starts it
    again on another host. How many were told; one that has work again meanwhile takes no notice.

    Raises:
        RPCError: Temporal is away.
    """
    query = (
        f"WorkflowType = '{contracts.THREAD_WORKFLOW}' AND ExecutionStatus = 'Running' "
        f"AND {contracts.HOST.name} = '{host}' AND {contracts.STATE.name} = 'idle'"
    )
    told = 0
    for thread in [found.id async for found in client.list_workflows(query)]:
        try:
            await client.get_workflow_handle(thread).signal(contracts.MAKE_ROOM)
            told += 1
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # it has ended by itself
                raise
    return told


async def hosts(client: Client) -> AsyncIterator[tuple[str, str]]:
    """Every host that was ever seen, and its state: `serving` or `drained`."""
    query = f"WorkflowType = '{contracts.HOST_WORKFLOW}' AND ExecutionStatus = 'Running'"
    async for found in client.list_workflows(query):
        yield contracts.host_of(found.id), found.typed_search_attributes.get(contracts.STATE) or ""


async def last_poll(client: Client, host: str) -> timedelta | None:
    """How long ago its worker last asked for work: up to a minute where one runs. None: not in the last minutes."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=contracts.host_queue(host)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    found = await client.workflow_service.describe_task_queue(request)
    polls = [poller.last_access_time.ToDatetime(tzinfo=UTC) for poller in found.pollers]
    return max(datetime.now(UTC) - max(polls), timedelta()) if polls else None


async def open_tasks(client: Client, host: str | None = None) -> dict[str, list[str]]:
    """The tasks that hold something of a host, by host; those that only wait (for an answer, a limit's end, a resume)
    hold nothing. `host` limits it to that one.

    Raises:
        RPCError: Temporal is away, or no control worker answers.
    """
    query = (
        f"WorkflowType = '{contracts.THREAD_WORKFLOW}' AND ExecutionStatus = 'Running' "
        f"AND {contracts.STATE.name} != 'idle'"  # one that was just paused still has its agent for a while
    )
    found: dict[str, list[str]] = {}
    async for thread in client.list_workflows(query):
        status: ThreadStatus = await client.get_workflow_handle(thread.id).query(
            contracts.STATUS, result_type=ThreadStatus
        )
        if status.task is None or status.host is None or (host is not None and status.host != host):
            continue
        task: TaskStatus = await client.get_workflow_handle(status.task).query(contracts.STATUS, result_type=TaskStatus)
        if not task.holds_nothing:
            found.setdefault(status.host, []).append(status.task)
    return found

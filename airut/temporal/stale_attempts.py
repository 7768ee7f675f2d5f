"""Activities whose worker process is dead: failed at once, so that Temporal starts the next attempt now.

Without this the server notices a killed worker by the heartbeat time-out only, a minute later, and a reply, which does
not heartbeat, by its ten minutes.
"""

import asyncio
import logging
from datetime import timedelta

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowExecution
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.models.base import Model
from airut.models.tasks.outcome import TaskOutcome
from airut.temporal.leases import Leases

LOST_TYPE = "WorkerLost"
SOON = timedelta(milliseconds=100)
"""Before the next attempt: the delay of the policy doubles from attempt to attempt, for failures of another kind."""

AT_ONCE = 16
"""Workflows looked at in parallel: a thousand open tasks take seconds, and the server has other work at a restart."""

OPEN = (
    f"ExecutionStatus = 'Running' AND (WorkflowType != '{contracts.THREAD_WORKFLOW}' OR "
    f"{contracts.STATE.name} != 'idle')"
)
"""Where attempts can be pending. Idle threads, of which there are thousands, send notes only, which a minute ends."""

GONE = {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.FAILED_PRECONDITION}
"""The attempt ended by itself, or the workflow did."""

log = logging.getLogger(__name__)


class StaleAttempt(Model):
    """An activity that Temporal believes to run, in a process that has ended."""

    workflow_id: str
    activity_id: str
    activity: str
    attempt: int
    worker: str
    cancelled: bool = False
    """Whether the workflow had cancelled it; then there is no next attempt, and the workflow sees this failure."""

    @property
    def failure(self) -> str:
        """The type of the failure. An agent that was to be interrupted is a lost sandbox to its workflow, which goes on
        from there; else nobody but the server sees it."""
        interrupted = self.cancelled and self.activity == contracts.RUN_AGENT
        return str(TaskOutcome.SANDBOX_LOST) if interrupted else LOST_TYPE


async def fail_stale_attempts(client: Client, leases: Leases) -> tuple[StaleAttempt, ...]:
    """Fail, retryably, every attempt of a process of this state folder that has ended. Those of a living one, of
    another host, or of a process that nobody knows are left alone. Safe to call twice, and from two processes at once.

    Raises:
        RPCError: Temporal is away; the attempts still time out by themselves.
    """
    ended = leases.ended()
    if not ended:
        return ()
    slots = asyncio.Semaphore(AT_ONCE)

    async def fail_those_of(execution: WorkflowExecution) -> list[StaleAttempt]:
        async with slots:
            return [stale for stale in await _stale(client, execution, ended) if await _fail(client, stale)]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(fail_those_of(found)) async for found in client.list_workflows(OPEN)]
    leases.forget(ended)
    failed = tuple(stale for task in tasks for stale in task.result())
    for stale in failed:
        log.info("%s of %s: %s is dead, the next attempt begins", stale.activity, stale.workflow_id, stale.worker)
    return failed


async def _stale(client: Client, execution: WorkflowExecution, ended: frozenset[str]) -> list[StaleAttempt]:
    try:
        described = await client.get_workflow_handle(execution.id, run_id=execution.run_id).describe()
    except RPCError as error:
        if error.status in GONE:
            return []
        raise
    running = {
        PendingActivityState.PENDING_ACTIVITY_STATE_STARTED,
        PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED,
    }
    return [
        StaleAttempt(
            workflow_id=execution.id,
            activity_id=pending.activity_id,
            activity=pending.activity_type.name,
            attempt=pending.attempt,
            worker=pending.last_worker_identity,
            cancelled=pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED,
        )
        for pending in described.raw_description.pending_activities
        if pending.state in running and pending.last_worker_identity in ended
    ]


async def _fail(client: Client, stale: StaleAttempt) -> bool:
    """Whether it was failed. By id, since only the dead process knew the attempt's token: an attempt that times out in
    the same moment has a successor, which is then superseded as after any time-out, and nothing is done twice."""
    handle = client.get_async_activity_handle(workflow_id=stale.workflow_id, run_id=None, activity_id=stale.activity_id)
    lost = ApplicationError(
        "the worker process ended in the middle of it",
        type=stale.failure,
        category=ApplicationErrorCategory.BENIGN,
        next_retry_delay=SOON,
    )
    try:
        await handle.fail(lost)
    except RPCError as error:
        if error.status in GONE:
            return False
        raise
    return True

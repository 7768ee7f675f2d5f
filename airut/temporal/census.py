"""What Temporal says of threads and tasks. Only its clear words count; every error is *nobody can say*."""

from datetime import datetime, timedelta

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.errors import CensusUnavailable
from airut.models.hosts.sweep import Life, Standing
from airut.models.threads.thread import ThreadPhase, ThreadStatus

LIMIT = timedelta(seconds=10)
"""For one question. A query replays the thread where no worker has it at hand."""

CLOSED = frozenset(
    {
        WorkflowExecutionStatus.COMPLETED,
        WorkflowExecutionStatus.FAILED,
        WorkflowExecutionStatus.CANCELED,
        WorkflowExecutionStatus.TERMINATED,
        WorkflowExecutionStatus.TIMED_OUT,
    }
)
"""Any other, also one that this code has never heard of, is an open one."""


class TemporalCensus:
    """Implements `airut.ports.census.Census`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def standing(self, workflow: str) -> Standing:
        try:
            found = await self._client.get_workflow_handle(workflow).describe(rpc_timeout=LIMIT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and not _is_about_the_namespace(error):
                return Standing(life=Life.UNKNOWN)
            raise CensusUnavailable(f"Temporal does not say whether it has {workflow}: {error.message}") from error
        except RuntimeError as error:  # the SDK's own, of a client that never reached the server
            raise CensusUnavailable(f"Temporal cannot be reached to ask for {workflow}") from error
        life = Life.CLOSED if found.status in CLOSED else Life.OPEN
        return Standing(life=life, host=found.typed_search_attributes.get(contracts.HOST))

    async def idle_since(self, thread: str) -> datetime | None:
        handle = self._client.get_workflow_handle(thread)
        try:
            status = await handle.query(contracts.STATUS, result_type=ThreadStatus, rpc_timeout=LIMIT)
        except Exception as error:  # a query fails in many ways, and none of them says that a thread is idle
            raise CensusUnavailable(f"thread {thread} does not answer: {type(error).__name__}") from error
        idle = status.phase is ThreadPhase.IDLE and not status.queue
        return status.since if idle else None


def _is_about_the_namespace(error: RPCError) -> bool:
    """Another namespace, or another server, than the one that knows our threads."""
    details = error.grpc_status.details if error.grpc_status else ()
    return any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in details) or "namespace" in (
        error.message.lower()
    )

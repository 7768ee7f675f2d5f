"""Threads and firings through the Temporal client, for the activities of schedules."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.message import InboundMessage
from airut.models.thread import ThreadPhase, ThreadStatus
from airut.temporal.delivery import deliver


class TemporalThreads:
    """Implements `airut.ports.threads.Threads`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def deliver(self, message: InboundMessage) -> None:
        with _translated():
            await deliver(self._client, message)

    async def is_busy(self, thread: str) -> bool:
        with _translated():
            handle = self._client.get_workflow_handle(thread)
            try:
                if (await handle.describe()).close_time is not None:
                    return False
                status: ThreadStatus = await handle.query(contracts.STATUS, result_type=ThreadStatus)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return False
                raise
            return status.phase is not ThreadPhase.IDLE or bool(status.queue)

    async def firings(self, schedule: str) -> list[str]:
        with _translated():
            query = f"TemporalScheduledById = '{schedule}' AND ExecutionStatus = 'Running'"
            return sorted([each.id async for each in self._client.list_workflows(query)])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            raise DeliveryRefused("Temporal does not take this message") from error
        raise DeliveryDeferred(f"Temporal does not answer: {error.status.name}") from error

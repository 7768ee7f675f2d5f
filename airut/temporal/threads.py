"""Threads, firings and follow-ups through the Temporal client, for activities."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.client import Client
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.pull_requests.follow_up import FollowInput, FollowOrder
from airut.models.threads.message import InboundMessage
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.temporal.delivery import LIMIT, deliver


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

    async def follow(self, order: FollowOrder) -> None:
        request = order.pull_request
        with _translated():
            await self._client.start_workflow(
                contracts.FOLLOW_UP_WORKFLOW,
                FollowInput(order=order),
                id=contracts.follow_up_id(order.thread),
                task_queue=contracts.CONTROL_QUEUE,
                start_signal=contracts.PUSHED,
                start_signal_args=[order],
                static_summary=f"{order.repo}: pull request #{request.number}",
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(contracts.REPO, order.repo),
                        SearchAttributePair(contracts.PULL_REQUEST, request.url),
                    ]
                ),
                priority=Priority(fairness_key=order.repo),
                rpc_timeout=LIMIT,
            )

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

"""What buttons do to a thread, through the Temporal client."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import AnswerOrder, ThreadCommand
from airut.models.threads.thread import ThreadStatus
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused

LIMIT = timedelta(seconds=2)
"""Whoever has pressed a button waits; Slack shows a failure after three."""


class TemporalThreadControl:
    """Implements `airut.ports.thread_control.ThreadControl`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def command(self, order: ThreadCommand) -> None:
        with _translated():
            handle = self._client.get_workflow_handle(order.message.thread)
            await handle.signal(contracts.CONTROL, order, rpc_timeout=LIMIT)

    async def retry(self, thread: str, order: RetryOrder) -> str:
        return await self._update(thread, contracts.RETRY, order)

    async def answer(self, thread: str, order: AnswerOrder) -> str:
        return await self._update(thread, contracts.ANSWER, order)

    async def status(self, thread: str) -> ThreadStatus:
        with _translated():
            handle = self._client.get_workflow_handle(thread)
            status: ThreadStatus = await handle.query(contracts.STATUS, result_type=ThreadStatus, rpc_timeout=LIMIT)
            return status

    async def _update(self, thread: str, update: str, order: AnswerOrder | RetryOrder) -> str:
        with _translated():
            said: str = await self._client.get_workflow_handle(thread).execute_update(
                update, order, id=order.key, result_type=str, rpc_timeout=LIMIT
            )
            return said


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        raise ThreadRefused(cause.message if isinstance(cause, ApplicationError) else str(cause)) from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise ThreadAway("no worker answers") from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise ThreadGone from error
        raise ThreadAway(error.status.name) from error

"""Tasks from Temporal: which there are, what they were given, what became of them."""

import re
from typing import Any

from temporalio.client import Client, WorkflowExecution, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.errors import PayloadError
from airut.models.tasks.task import TaskInput
from airut.models.threads.steering import TaskStatus
from airut.ports.task_records import TaskDetail, TaskRow
from airut.temporal.directory_errors import LIMIT, unavailable
from airut.temporal.recorded import recorded_task

TASK = re.compile(r"(?P<thread>.+)/task-(?P<number>\d{1,9})")
THREAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@-]{0,199}")
"""What an id of ours can be; it goes into visibility queries."""


class TemporalTaskRecords:
    """Implements `airut.ports.task_records.TaskRecords`; the client may be one that has not connected yet."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def tasks(self, thread: str) -> tuple[TaskRow, ...]:
        with unavailable():
            return tuple(await tasks_of(self._client, thread))

    async def row(self, thread: str, number: int) -> TaskRow | None:
        with unavailable():
            try:
                return _row(number, await self._handle(thread, number).describe(rpc_timeout=LIMIT))
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return None
                raise

    async def detail(self, thread: str, number: int) -> TaskDetail | None:
        row = await self.row(thread, number)
        if row is None:
            return None
        known = TaskDetail(**row.model_dump())
        with unavailable():
            try:
                if row.ended_at is None:
                    return known.model_copy(update={"input": await self._given(thread, number)})
                closed = await recorded_task(self._client, f"{thread}/task-{number}")
            except PayloadError:  # encrypted with a key that is gone: that the task was there is still known
                return known
        return known.model_copy(update={"input": closed.input, "result": closed.result}) if closed else known

    async def status(self, thread: str, number: int) -> TaskStatus | None:
        with unavailable():
            try:
                status: TaskStatus = await self._handle(thread, number).query(
                    contracts.STATUS, result_type=TaskStatus, rpc_timeout=LIMIT
                )
            except (WorkflowQueryFailedError, PayloadError):
                return None
            except RPCError as error:
                # The last two are what Temporal says where no worker is there to ask.
                if error.status in {
                    RPCStatusCode.NOT_FOUND, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION,
                }:  # fmt: skip
                    return None
                raise
        return status

    async def _given(self, thread: str, number: int) -> TaskInput | None:
        async for event in self._handle(thread, number).fetch_history_events(page_size=1, rpc_timeout=LIMIT):
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            (given,) = await self._client.data_converter.decode(payloads, [TaskInput])
            return TaskInput.model_validate(given)
        return None

    def _handle(self, thread: str, number: int) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(f"{thread}/task-{number}")


async def tasks_of(client: Client, thread: str) -> list[TaskRow]:
    """All tasks of a thread that Temporal still has, oldest first. `thread` is a whole id.

    Raises:
        RPCError
    """
    if not THREAD.fullmatch(thread):
        return []
    rows: dict[int, TaskRow] = {}
    async for execution in client.list_workflows(f"WorkflowId STARTS_WITH '{thread}/task-'"):
        named = TASK.fullmatch(execution.id)
        if named is not None and named["thread"] == thread:
            rows.setdefault(int(named["number"]), _row(int(named["number"]), execution))  # newest run first
    return [rows[number] for number in sorted(rows)]


def _row(number: int, execution: WorkflowExecution) -> TaskRow:
    return TaskRow(
        number=number,
        state=execution.status.name.lower() if execution.status else "",
        started_at=execution.start_time,
        ended_at=execution.close_time,
    )

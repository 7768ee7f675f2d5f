"""What Temporal has recorded of a closed task, for a retry of one that its thread does not know any more."""

from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.retry import ClosedTask
from airut.models.tasks.task import TaskInput, TaskResult


async def recorded_task(client: Client, task: str) -> ClosedTask | None:
    """Input and result of a task; None of one that runs, or is not kept any more (retention of the namespace).

    Raises:
        RPCError: Temporal does not answer.
    """
    handle = client.get_workflow_handle(task, result_type=TaskResult)
    try:
        if (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
            return None
        history = await handle.fetch_history()
        started = history.events[0].workflow_execution_started_event_attributes
        (given,) = await client.data_converter.decode(started.input.payloads, [TaskInput])
        result = await _result(handle)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    # What joined it, or answered its question, came after the start.
    return ClosedTask(input=given.model_copy(update={"messages": result.messages or given.messages}), result=result)


async def _result(task: WorkflowHandle[Any, TaskResult]) -> TaskResult:
    try:
        return await task.result()
    except WorkflowFailureError as error:
        cause = error.cause
    if isinstance(cause, ApplicationError) and cause.details:
        return TaskResult.model_validate(cause.details[0])
    return TaskResult(outcome=TaskOutcome.INTERNAL_ERROR)  # terminated: nothing of it was recorded

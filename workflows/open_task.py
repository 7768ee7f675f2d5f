"""The one task of a thread that is open: started, steered, and answered for where it cannot do so itself."""

from typing import Any

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.reply import ReplyKind
    from airut.models.tasks.steps import CleanUpInput, ReplyInput
    from airut.models.tasks.task import TaskClosed, TaskInput, TaskResult
    from airut.models.threads.state import ThreadState
    from airut.models.threads.steering import TaskOrder
    from workflows import options
    from workflows.flow import REMOVAL_WAIT
    from workflows.runs import SANDBOXES_MOST
    from workflows.spending import release
    from workflows.task import TaskWorkflow
    from workflows.telling import Telling


class OpenTask:
    """Belongs to one ThreadWorkflow. `orders` are what people want of the task, oldest first; `told` is what it said of
    its result, once it was answered."""

    def __init__(self, state: ThreadState, orders: list[TaskOrder], telling: Telling) -> None:
        self._state = state
        self._orders = orders
        self._telling = telling
        self._delivered: list[TaskOrder] = []
        self.told: TaskResult | None = None

    async def outcome_of(self, task: TaskInput) -> TaskResult:
        """A task that fails, is cancelled or terminated in the UI never takes the thread down. What was passed on to it
        is part of its result, or comes back as unused."""
        self._delivered, self.told = [], None
        try:
            child = await workflow.start_child_workflow(
                TaskWorkflow.run,
                task,
                id=task.id,
                static_summary=f"{task.repo}: {task.subject}"[:200],
                search_attributes=workflow.info().typed_search_attributes,
                priority=Priority(fairness_key=task.repo),
            )
            while not child.done():
                await workflow.wait_condition(lambda: child.done() or bool(self._orders))
                while self._orders and not child.done():
                    if not await self._passed_on(child, self._orders[0]):
                        break
                    self._delivered.append(self._orders.pop(0))
            return await child
        except ChildWorkflowError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.details:
                return TaskResult.model_validate(cause.details[0])
            stopped = is_cancelled_exception(error)
            outcome = TaskOutcome.STOPPED if stopped else TaskOutcome.INTERNAL_ERROR
            return await self._finish_for(task, outcome, type(cause).__name__)

    async def _passed_on(self, child: workflow.ChildWorkflowHandle[Any, Any], order: TaskOrder) -> bool:
        """False when the task has closed before it could be told: then the order is the thread's again."""
        try:
            await child.signal(contracts.STEER, order)
        except FailureError as error:
            workflow.logger.info("the task has closed: %s", error)
            await workflow.wait_condition(child.done)
            return False
        return True

    async def _finish_for(self, task: TaskInput, outcome: TaskOutcome, detail: str) -> TaskResult:
        """Clean up for a task that was terminated, and answer for it where it had not done so itself."""
        # First the sandbox, which holds real credentials: a mail server can be away for days.
        await self._remove_sandboxes(task)
        await release(task.id, task.repo)
        if self.told is not None:
            return self._answered_already(task, self.told)
        # Nobody knows what the agent has seen of them; it is answered, and a retry has it all.
        passed_on = tuple(order.left for order in self._delivered if order.left)
        task = task.model_copy(update={"messages": (*task.messages, *passed_on)})
        order = ReplyInput(task=task, at=workflow.now(), kind=ReplyKind.ANSWER, seq=1, outcome=outcome, detail=detail)
        record = await self._telling.reply(order, options.REPLY)
        return TaskResult(outcome=outcome, detail=detail, reply=record, stored=task.stored, messages=task.messages)

    def _answered_already(self, task: TaskInput, told: TaskResult) -> TaskResult:
        known = {message.key for message in (*(told.messages or task.messages), *told.unused)}
        messages = (order.message for order in self._delivered if order.message)
        late = tuple(message for message in messages if message.key not in known)
        return told.model_copy(update={"unused": (*told.unused, *late)})

    async def _remove_sandboxes(self, task: TaskInput) -> None:
        if (host := self._state.host) is None:
            return
        config = options.at(options.CLEAN_UP, contracts.host_queue(host), "remove the sandboxes", task.repo)
        config["schedule_to_start_timeout"] = REMOVAL_WAIT
        delivered = self.told is not None and self.told.reply is not None
        order = CleanUpInput(task=task, attempts=SANDBOXES_MOST, delivered=delivered, every=True)
        try:
            await workflow.execute_activity(stubs.clean_up, order, **config)
        except ActivityError as error:
            workflow.logger.error("not cleaned up: %s", type(error.cause).__name__)

    async def notify(self, task: TaskInput, result: TaskResult) -> None:
        """Tell the workflows that sent a message of this task; one that is gone misses nothing."""
        for message in task.messages:
            if message.notify is None:
                continue
            closed = TaskClosed(key=message.key, task=task.id, outcome=result.outcome)
            try:
                await workflow.get_external_workflow_handle(message.notify).signal(contracts.TASK_CLOSED, closed)
            except FailureError as error:
                workflow.logger.info("%s is not told: %s", message.notify, error)

"""One conversation thread as one durable entity (spec: lifecycle §2, §4)."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import Priority, SearchAttributeUpdate
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    is_cancelled_exception,
)
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.message import InboundMessage
    from airut.models.outcome import TaskOutcome
    from airut.models.reply import ReplyKind
    from airut.models.task import CleanUpInput, ReplyInput, ReplyRecord, TaskClosed, TaskInput, TaskResult
    from airut.models.thread import QueuedMessage, ThreadInput, ThreadPhase, ThreadState, ThreadStatus
    from workflows import options
    from workflows.task import SANDBOXES_MOST, TaskWorkflow

SESSIONS = uuid.UUID("5b1a6f0e-9d0c-4c59-8d1e-0a8f4f2f7c11")
"""Namespace of session ids: a thread's session follows from the thread alone, so it can be found after any crash."""


@workflow.defn(name=contracts.THREAD_WORKFLOW)
class ThreadWorkflow:
    """Receives messages, and runs one task at a time over what has queued up."""

    @workflow.init
    def __init__(self, thread: ThreadInput) -> None:
        # Signals delivered with the start run before `run`: what they touch has to exist by then.
        self._thread = thread
        self._state = thread.carried.model_copy(deep=True) if thread.carried else ThreadState()
        self._task: TaskInput | None = None
        self._since = workflow.now()

    @workflow.signal(name=contracts.RECEIVE)
    def receive(self, message: InboundMessage) -> None:
        """Accept a message; one whose key is known counts once. Short and synchronous, so nothing is ever in flight
        when the run continues as new."""
        self._state.accept(message, workflow.now())

    @workflow.signal(name=contracts.PLACED)
    def placed(self, host: str) -> None:
        """A task tells where it was placed, before it has come to its end."""
        self._state.host = host

    @workflow.query(name=contracts.STATUS)
    def status(self) -> ThreadStatus:
        state = self._state
        return ThreadStatus(
            thread=self._thread.thread,
            repo=self._thread.repo,
            channel=self._thread.channel,
            phase=ThreadPhase.RUNNING if self._task else ThreadPhase.IDLE,
            since=self._since,
            subject=state.subject,
            queue=tuple(_queued(message) for message in state.queue),
            task=self._task.id if self._task else None,
            tasks=state.tasks,
            recent=tuple(state.recent),
            usage=state.usage,
            host=state.host,
            branch=state.branch,
            pull_request=state.pull_request,
            last_reply=state.last_reply,
        )

    @workflow.run
    async def run(self, thread: ThreadInput) -> None:
        self._show(self._since)
        while True:
            await workflow.wait_condition(
                lambda: bool(self._state.queue or self._state.refused) or self._should_continue()
            )
            # No await between looking at the queue and acting on it: no message can fall into a gap.
            if self._state.queue:
                await self._run_task()
            await self._tell_refused()
            if self._should_continue():
                workflow.continue_as_new(thread.model_copy(update={"carried": self._state}))

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished()

    async def _run_task(self) -> None:
        session = str(uuid.uuid5(SESSIONS, self._thread.thread))
        task = self._task = self._state.next_task(self._thread, session)
        self._since = workflow.now()
        self._show(self._since)
        result = await self._outcome_of(task)
        self._state.record(task.number, result, workflow.now())
        self._task = None
        self._since = workflow.now()
        self._show(self._since, result)
        await self._notify(task, result)

    async def _notify(self, task: TaskInput, result: TaskResult) -> None:
        """Tell the workflows that sent a message of this task; one that is gone misses nothing."""
        for message in task.messages:
            if message.notify is None:
                continue
            closed = TaskClosed(key=message.key, task=task.id, outcome=result.outcome)
            try:
                await workflow.get_external_workflow_handle(message.notify).signal(contracts.TASK_CLOSED, closed)
            except FailureError as error:
                workflow.logger.info("%s is not told: %s", message.notify, error)

    async def _outcome_of(self, task: TaskInput) -> TaskResult:
        """A task that fails, is cancelled or terminated in the UI never takes the thread down."""
        try:
            return await workflow.execute_child_workflow(
                TaskWorkflow.run,
                task,
                id=task.id,
                static_summary=f"{task.repo}: {task.subject}"[:200],
                search_attributes=workflow.info().typed_search_attributes,
                priority=Priority(fairness_key=task.repo),
            )
        except ChildWorkflowError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.details:
                return TaskResult.model_validate(cause.details[0])
            stopped = is_cancelled_exception(error)
            outcome = TaskOutcome.STOPPED if stopped else TaskOutcome.INTERNAL_ERROR
            return await self._finish_for(task, outcome, type(cause).__name__)

    async def _finish_for(self, task: TaskInput, outcome: TaskOutcome, detail: str) -> TaskResult:
        """Answer and clean up for a task that was terminated: it could not do so itself."""
        order = ReplyInput(task=task, at=workflow.now(), kind=ReplyKind.ANSWER, seq=1, outcome=outcome, detail=detail)
        # First the sandbox, which holds real credentials: a mail server can be away for days.
        if (host := self._state.host) is not None:
            try:
                await workflow.execute_activity(
                    contracts.clean_up,
                    CleanUpInput(task=task, attempts=SANDBOXES_MOST, delivered=False),
                    **options.at(options.CLEAN_UP, contracts.host_queue(host), "remove the sandbox", task.repo),
                )
            except ActivityError as error:
                workflow.logger.error("not cleaned up: %s", type(error.cause).__name__)
        record = await self._reply(order, options.REPLY)
        return TaskResult(outcome=outcome, detail=detail, reply=record)

    async def _tell_refused(self) -> None:
        """Every accepted mail is answered, also one that this thread does not take."""
        state = self._state
        while state.refused:
            refusal = state.refused[0]
            state.notes += 1
            order = ReplyInput(
                task=state.note_for(refusal, self._thread),
                at=workflow.now(),
                kind=ReplyKind.NOTE,
                seq=state.notes,
                detail=str(refusal.reason),
            )
            await self._reply(order, options.ACKNOWLEDGE)  # an hour: the next task waits for it
            state.refused.remove(refusal)

    async def _reply(self, order: ReplyInput, limits: ActivityConfig) -> ReplyRecord | None:
        try:
            return await workflow.execute_activity(
                contracts.reply,
                order,
                **options.at(limits, contracts.CONTROL_QUEUE, f"reply: {order.outcome or order.kind}", order.task.repo),
            )
        except ActivityError as error:
            workflow.logger.warning("not answered: %s", type(error.cause).__name__)
            return None

    def _show(self, since: datetime, result: TaskResult | None = None) -> None:
        """Tell the Temporal UI what this thread is and does."""
        state, phase = self._state, "running" if self._task else "idle"
        lines = [f"**{phase}** since {since:%Y-%m-%d %H:%M} UTC, task {state.tasks}, {len(state.queue)} waiting"]
        if state.recent:
            lines.append(f"last outcome: `{state.recent[-1].outcome}`, ${state.usage.cost_usd:.2f} so far")
        if state.pull_request:
            lines.append(f"[pull request #{state.pull_request.number}]({state.pull_request.url})")
        workflow.set_current_details("\n\n".join(lines))
        found: list[SearchAttributeUpdate[Any]] = [contracts.STATE.value_set(phase)]
        if result:
            found += [contracts.OUTCOME.value_set(result.outcome), contracts.COST.value_set(state.usage.cost_usd)]
            if state.pull_request:
                found.append(contracts.PULL_REQUEST.value_set(state.pull_request.url))
        workflow.upsert_search_attributes(found)


def _queued(message: InboundMessage) -> QueuedMessage:
    lines: Sequence[str] = (message.text.inline or message.subject).strip().splitlines()
    return QueuedMessage(author=message.author, sent_at=message.sent_at, first_line=lines[0][:120] if lines else "")

"""One conversation thread as one durable entity (spec: lifecycle §2, §4, §6)."""

import asyncio
import uuid
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.exceptions import (
    ApplicationError,
)

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.answer_parsing import parse_answer
    from airut.models.command import AnswerOrder, CommandName, RetryOrder, ThreadCommand
    from airut.models.message import InboundMessage
    from airut.models.notices import Acceptance, dropped, first_line, queued_while_paused
    from airut.models.outcome import TaskOutcome
    from airut.models.task import (
        TaskMove,
        TaskOrder,
        TaskResult,
        TaskStep,
    )
    from airut.models.thread import QueuedMessage, ThreadInput, ThreadPhase, ThreadStatus
    from airut.models.thread_state import ThreadState
    from workflows.commands import Commands
    from workflows.ending import Deadline, Ending, next_deadline
    from workflows.open_task import OpenTask
    from workflows.telling import Telling

SESSIONS = uuid.UUID("5b1a6f0e-9d0c-4c59-8d1e-0a8f4f2f7c11")
"""Namespace of session ids: a thread's session follows from the thread alone, so it can be found after any crash."""

BURST = timedelta(seconds=2)
"""What comes within this time after a thread's first message belongs to it: it joins the task while that prepares."""


@workflow.defn(name=contracts.THREAD_WORKFLOW)
class ThreadWorkflow:
    """Receives messages and commands, and runs one task at a time over what has queued up."""

    @workflow.init
    def __init__(self, thread: ThreadInput) -> None:
        # Signals delivered with the start run before `run`: what they touch has to exist by then.
        self._thread = thread
        self._state = thread.carried.model_copy(deep=True) if thread.carried else ThreadState()
        self._orders: list[TaskOrder] = []
        self._commands = Commands(self._state, self._orders.append)
        self._answered: str | None = None
        self._telling = Telling(thread, self._state)
        self._open_task = OpenTask(self._state, self._orders, self._telling)
        self._since = workflow.now()
        self._ended = False

    @workflow.signal(name=contracts.RECEIVE)
    def receive(self, message: InboundMessage) -> None:
        """Accept a message; one whose key is known counts once. Short and synchronous, so nothing is ever in flight
        when the run continues as new."""
        if self._state.accept(message, workflow.now()) is not Acceptance.QUEUED:
            return
        if self._question_is_open():
            self._answer(TaskOrder(name="answer", author=message.author, message=self._state.take_back()))
        elif self._is_burst():
            self._orders.append(TaskOrder(name="join", author=message.author, message=self._state.take_back()))
        elif paused := self._state.paused:
            self._state.tell(message, queued_while_paused(paused.at, paused.author))

    @workflow.signal(name=contracts.CONTROL)
    def control(self, command: ThreadCommand) -> None:
        """Carry out a command; one whose key is known has been."""
        if self._state.knows(command.key):
            return
        self._state.remember(command.key, workflow.now())
        if self._state.admits(command.message):
            self._commands.begin(command)
        else:
            self._state.refuse(command.message, Acceptance.NOT_PARTICIPANT)

    @workflow.signal(name=contracts.MOVED)
    def moved(self, move: TaskMove) -> None:
        """The open task tells where it is."""
        self._state.host = move.host or self._state.host
        self._commands.status = move.status
        self._commands.settle()
        self._show()

    @workflow.signal(name=contracts.MAKE_ROOM)
    def make_room(self) -> None:
        """The host lacks space: an idle thread ends now, as it would after a long quiet. Others take no notice."""
        if self._phase() is ThreadPhase.IDLE and self._state.tasks and not self._has_task():
            self._state.close()

    @workflow.update(name=contracts.RETRY)
    def retry(self, order: RetryOrder) -> str:
        """Do the last task again; answers with the id of the new one."""
        if not self._state.knows(order.key):
            self._state.remember(order.key, workflow.now())
            self._state.retry = order
        return f"{self._thread.thread}/task-{self._state.tasks + 1}"

    @retry.validator
    def _can_retry(self, order: RetryOrder) -> None:
        refused = self._state.why_not_retry(order, running=self._commands.task is not None)
        if refused and not self._state.knows(order.key):
            raise ApplicationError(refused[1], type=refused[0], non_retryable=True)

    @workflow.update(name=contracts.ANSWER)
    def answer(self, order: AnswerOrder) -> str:
        """Answer the open question; the task goes on with it."""
        question = self._commands.status.question if self._commands.status else None
        if question is not None and not self._state.knows(order.key):
            self._state.remember(order.key, workflow.now())
            chosen = order.choices
            if len(chosen) > 1 and len(question.items) > 1:
                chosen = tuple(f"{number}: {choice}" for number, choice in enumerate(chosen, start=1))
            answer = parse_answer(question, order.text or ", ".join(chosen), order.author, order.at)
            self._answer(TaskOrder(name="answer", author=order.author, answer=answer))
        return f"{self._thread.thread} goes on with this answer."

    @answer.validator
    def _can_answer(self, order: AnswerOrder) -> None:
        if self._state.knows(order.key):
            return
        status = self._commands.status
        if not self._question_is_open() or not status or not status.question or status.question.id != order.question_id:
            raise ApplicationError(
                "No such question is open (any more); `airut thread show` tells what is.",
                type="no_question",
                non_retryable=True,
            )

    @workflow.query(name=contracts.STATUS)
    def status(self) -> ThreadStatus:
        state, task, told = self._state, self._commands.task, self._commands.status
        return ThreadStatus(
            thread=self._thread.thread,
            repo=self._thread.repo,
            channel=self._thread.channel,
            phase=self._phase(),
            since=state.paused.at if state.paused else self._since,
            subject=state.subject,
            queue=tuple(_queued(message) for message in state.queue),
            task=task.id if task else None,
            open_task=told if task else None,
            question=told.question if task and told else None,
            waiting=self._commands.summary(),
            next_command=self._commands.next_command(),
            commands=tuple(state.commands),
            tasks=state.tasks,
            recent=tuple(state.recent),
            usage=state.usage,
            host=state.host,
            branch=state.branch,
            pull_request=state.pull_request,
            last_reply=state.last_reply,
            settings=state.settings,
        )

    @workflow.run
    async def run(self, thread: ThreadInput) -> None:
        ending = Ending(thread, self._state)
        if thread.carried is None:
            await ending.recall()
        self._show()
        telling = asyncio.create_task(self._telling.run())
        while True:
            await self._until_something()
            # No await between looking at the state and acting on it: no message can fall into a gap.
            if self._has_task():
                await self._run_task()
            elif self._is_over():
                await ending.end()
                self._commands.closed(ending.losses)
                await workflow.wait_condition(lambda: not self._state.notices and not self._telling.busy)
                if not ending.reopened():
                    self._ended = True
                    self._show()
                    telling.cancel()
                    return
                workflow.continue_as_new(thread.model_copy(update={"carried": self._state}))
            if self._should_continue():
                workflow.continue_as_new(thread.model_copy(update={"carried": self._state}))

    async def _until_something(self) -> None:
        """Until there is something to do, or the thread has been quiet for too long."""
        deadline = next_deadline(self._state)
        try:
            await workflow.wait_condition(
                lambda: self._has_task() or self._is_over() or self._should_continue() or self._has_changed(deadline),
                timeout=max(deadline.at - workflow.now(), timedelta(0)) if deadline else None,
                timeout_summary="the thread is quiet",
            )
        except TimeoutError:
            self._pass_deadline(deadline)

    def _has_changed(self, deadline: Deadline | None) -> bool:
        return next_deadline(self._state) != deadline

    def _pass_deadline(self, deadline: Deadline | None) -> None:
        if deadline is None or self._has_task() or next_deadline(self._state) != deadline:
            return
        if deadline.ends:
            self._state.close()
            if self._state.dropped and self._state.last:
                self._state.tell(self._state.last.input.messages[-1], dropped(self._state.dropped).strip())
        else:
            self._state.warned = True
            if self._state.last:
                self._state.tell(self._state.last.input.messages[-1], deadline.words)

    def _has_task(self) -> bool:
        state = self._state
        return not state.paused and not state.closing and bool(state.queue or state.retry)

    def _is_over(self) -> bool:
        """Closed, or a start that brought nothing new: a known message, a command to a thread that never was."""
        state = self._state
        nothing = not state.queue and not state.retry and not state.paused
        return state.closing or (nothing and state.quiet_since is None)

    def _should_continue(self) -> bool:
        """Never with an answer under way, which the run that follows would send again."""
        if self._telling.busy or self._state.notices or self._orders:
            return False
        return workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished()

    def _question_is_open(self) -> bool:
        task, told = self._commands.task, self._commands.status
        return bool(task and told and told.question and told.question.id != self._answered)

    def _is_burst(self) -> bool:
        told = self._commands.status
        first = self._commands.task is not None and self._state.tasks == 1
        first = first and (told is None or told.step is TaskStep.PREPARING)
        return first and not self._state.paused and workflow.now() - self._since < BURST

    def _answer(self, order: TaskOrder) -> None:
        """The first answer counts; what comes after it is queued."""
        told = self._commands.status
        self._answered = told.question.id if told and told.question else None
        self._orders.append(order)

    async def _run_task(self) -> None:
        session = str(uuid.uuid5(SESSIONS, self._thread.thread))
        state = self._state
        if state.retry and state.last:
            task = state.repeated(self._thread, session, state.retry, state.last)
        else:
            task = state.next_task(self._thread, session)
        state.retry = None
        self._commands.task, self._commands.status, self._answered = task, None, None
        self._since = workflow.now()
        self._show()
        result = await self._open_task.outcome_of(task)
        state.record(task, result, workflow.now())
        self._commands.task = self._commands.status = None
        self._since = workflow.now()
        state.put_first(tuple(order.message for order in self._orders if order.message))
        self._orders.clear()
        self._hold_after(result)
        self._commands.settle()
        self._show(result)
        await self._open_task.notify(task, result)

    def _hold_after(self, result: TaskResult) -> None:
        """After a stop the queue does not start by itself."""
        stop = next((each for each in self._state.pending if each.name is CommandName.STOP), None)
        if stop and result.outcome is TaskOutcome.STOPPED and self._state.queue and not self._state.paused:
            self._state.hold(workflow.now(), stop.author)

    def _phase(self) -> ThreadPhase:
        if self._ended:
            return ThreadPhase.ENDED
        if self._state.paused:
            return ThreadPhase.PAUSED
        return ThreadPhase.RUNNING if self._commands.task else ThreadPhase.IDLE

    def _show(self, result: TaskResult | None = None) -> None:
        """Tell the Temporal UI what this thread is and does."""
        state, phase = self._state, self._phase()
        since: datetime = state.paused.at if state.paused else self._since
        lines = [f"**{phase}** since {since:%Y-%m-%d %H:%M} UTC, task {state.tasks}, {len(state.queue)} waiting"]
        if self._commands.task and self._commands.status:
            lines.append(f"task {state.tasks}: {self._commands.status.step} {self._commands.status.detail}".rstrip())
        if state.recent:
            lines.append(f"last outcome: `{state.recent[-1].outcome}`, ${state.usage.cost_usd:.2f} so far")
        if state.pull_request:
            lines.append(f"[pull request #{state.pull_request.number}]({state.pull_request.url})")
        workflow.set_current_details("\n\n".join(lines))
        found: list[SearchAttributeUpdate[Any]] = []
        if workflow.info().typed_search_attributes.get(contracts.STATE) != str(phase):
            found.append(contracts.STATE.value_set(phase))
        if state.host and workflow.info().typed_search_attributes.get(contracts.HOST) != state.host:
            found.append(contracts.HOST.value_set(state.host))  # another host that still has something lets go of it
        if result:
            found += [contracts.OUTCOME.value_set(result.outcome), contracts.COST.value_set(state.usage.cost_usd)]
            if state.pull_request:
                found.append(contracts.PULL_REQUEST.value_set(state.pull_request.url))
        if found:
            workflow.upsert_search_attributes(found)


def _queued(message: InboundMessage) -> QueuedMessage:
    return QueuedMessage(author=message.author, sent_at=message.sent_at, first_line=first_line(message))

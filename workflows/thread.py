"""One conversation thread as one durable entity (spec: lifecycle §2, §4, §6)."""

import asyncio
import uuid
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.tasks.retry import RetryOrder
    from airut.models.tasks.task import TaskStep
    from airut.models.threads.amendment import Amendment
    from airut.models.threads.command import AnswerOrder, Submission, ThreadCommand
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.notices import Acceptance, dropped
    from airut.models.threads.state import ThreadState
    from airut.models.threads.steering import TaskMove, TaskOrder
    from airut.models.threads.thread import ThreadInput, ThreadPhase, ThreadStatus
    from workflows.amendments import Changes
    from workflows.answers import Answers
    from workflows.arrivals import Arrivals
    from workflows.bounces import Bounces
    from workflows.commands import Commands
    from workflows.display import Display
    from workflows.ending import Deadline, Ending, next_deadline
    from workflows.open_task import OpenTask
    from workflows.pull_request_news import News
    from workflows.retries import Retries
    from workflows.telling import Telling
    from workflows.thread_shows import ThreadShows

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
        self._changes = Changes(self._state, self._commands)
        self._arrivals = Arrivals(self._state)
        self._answers = Answers(self._state, self._commands, self._orders)
        self._early: list[Submission] = []
        self._recalled = thread.carried is not None
        self._telling = Telling(thread, self._state, self._commands)
        self._shows = ThreadShows(thread, self._state)
        self._open_task = OpenTask(self._state, self._orders, self._telling)
        self._retries = Retries(self._state, self._commands, self._open_task)
        self._display = Display(thread, self._state, self._commands)
        Bounces(self._state, self._display)
        News(thread, self._state, self._commands)

    @workflow.signal(name=contracts.RECEIVE)
    def receive(self, message: InboundMessage) -> None:
        """Accept a message; one whose key is known counts once. Short and synchronous, so nothing is ever in flight
        when the run continues as new."""
        self._take_in(message)

    @workflow.signal(name=contracts.CONTROL)
    def control(self, command: ThreadCommand) -> None:
        """Carry out a command; one whose key is known has been."""
        self._take_in(command)

    @workflow.signal(name=contracts.AMEND)
    def amend(self, amendment: Amendment) -> None:
        """A message was changed, or taken back."""
        if not self._recalled:
            self._changes.early.append(amendment)
        elif (new := self._changes.take(amendment)) is not None:
            self._take_in(new)

    @workflow.signal(name=contracts.OVERHEARD)
    def overheard(self, at: float) -> None:
        """People talk in the thread: the next task is told of it."""
        self._state.overheard = max(self._state.overheard, at)

    @workflow.signal(name=contracts.MOVED)
    def moved(self, move: TaskMove) -> None:
        """The open task tells where it is."""
        self._state.learn(move.host, move.settings)
        self._commands.status = move.status
        self._open_task.told = move.result or self._open_task.told
        self._commands.settle()
        self._display.show()

    @workflow.signal(name=contracts.MAKE_ROOM)
    def make_room(self) -> None:
        """The host lacks space: an idle thread ends now, as it would after a long quiet. Others take no notice."""
        idle = self._display.phase is ThreadPhase.IDLE and not self._state.closing
        if idle and self._state.tasks and not self._lives_on():
            self._state.close()

    @workflow.update(name=contracts.RETRY)
    async def retry(self, order: RetryOrder) -> str:
        """Do a task again; answers with the id of the new one."""
        await self._retries.take(order)
        return f"{self._thread.thread}/task-{self._state.tasks + 1}"

    @retry.validator
    def _can_retry(self, order: RetryOrder) -> None:
        self._retries.check(order)

    @workflow.update(name=contracts.ANSWER)
    def answer(self, order: AnswerOrder) -> str:
        """Answer the open question; the task goes on with it."""
        self._answers.give(order)
        return f"{self._thread.thread} goes on with this answer."

    @answer.validator
    def _can_answer(self, order: AnswerOrder) -> None:
        self._answers.check(order)

    @workflow.query(name=contracts.STATUS)
    def status(self) -> ThreadStatus:
        return self._display.status([each for each in self._early if isinstance(each, InboundMessage)])

    @workflow.run
    async def run(self, thread: ThreadInput) -> None:
        ending = Ending(thread, self._state)
        if not self._recalled:
            await ending.recall(self._early)
        self._take_in_early()
        self._display.show()
        beside = asyncio.gather(self._telling.run(), self._arrivals.run(), self._shows.run())
        while True:
            await self._until_something()
            # No await between looking at the state and acting on it: no message can fall into a gap.
            if self._has_task():
                await self._run_task()
            elif self._is_over() and await self._has_ended(ending):
                beside.cancel()
                return
            if self._should_continue():
                workflow.continue_as_new(thread.model_copy(update={"carried": self._state}))

    def _take_in(self, submission: Submission) -> None:
        """What comes before the archive is recalled waits for it: only then is it known what is known."""
        if not self._recalled:
            self._early.append(submission)
            return
        stands = self._changes.as_it_stands(submission)
        if isinstance(stands, InboundMessage):
            self._take_message(stands)
        elif stands is not None:
            self._take_command(stands)

    def _take_in_early(self) -> None:
        self._recalled = True
        for submission in self._early:
            self._take_in(submission)
        self._early.clear()
        for new in self._changes.take_early():
            self._take_in(new)

    def _take_message(self, message: InboundMessage) -> None:
        if self._state.accept(message, workflow.now()) is not Acceptance.QUEUED or not self._arrivals.take_in(message):
            return
        by_a_person = not message.opens  # what a schedule says is a task of its own
        if by_a_person and self._answers.awaited:
            self._answers.take(self._state.inbox.take_back(message.key))
        elif by_a_person and self._is_burst():
            joining = self._state.inbox.take_back(message.key)
            self._orders.append(TaskOrder(name="join", author=message.author, message=joining))
        else:
            self._telling.queued(message)
            self._shows.queued(message, behind=self._commands.task is not None)

    def _take_command(self, command: ThreadCommand) -> None:
        if self._state.inbox.knows(command.key):
            return
        self._state.inbox.remember(command.key, workflow.now())
        if self._state.inbox.admits(command.message):
            self._commands.begin(command)
        else:
            self._state.notices.refuse(command.message, Acceptance.NOT_PARTICIPANT)

    async def _has_ended(self, ending: Ending) -> bool:
        """Bring the thread to its end; False when something came meanwhile: then it lives on, and does not wait until
        everybody could be told."""
        state = self._state
        await ending.end()
        state.closing = False
        self._commands.closed(ending.losses)
        await workflow.wait_condition(lambda: self._lives_on() or not (self._telling.waits or state.to_show))
        if self._lives_on():
            return False
        self._display.ended = True
        self._display.show()
        return True

    def _lives_on(self) -> bool:
        state = self._state
        return bool(state.inbox.queue or state.retry or state.paused or state.closing)

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
                self._state.notices.tell(self._state.last.input.messages[-1], dropped(self._state.dropped).strip())
        else:
            self._state.warned = True
            if self._state.last:
                self._state.notices.tell(self._state.last.input.messages[-1], deadline.words)

    def _has_task(self) -> bool:
        state = self._state
        return not state.paused and not state.closing and bool(state.inbox.ready or state.retry)

    def _is_over(self) -> bool:
        """Closed, or a start that brought nothing new: a known message, a command to a thread that never was."""
        state = self._state
        nothing = not state.inbox.queue and not state.retry and not state.paused
        return state.closing or (nothing and state.quiet_since is None)

    def _should_continue(self) -> bool:
        """Never with an answer under way, which the run that follows would send again."""
        if self._telling.waits or self._arrivals.busy or self._orders:
            return False
        return workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished()

    def _is_burst(self) -> bool:
        """Of the message that was queued last: nothing that was sent before it may wait for a later task."""
        told = self._commands.status
        first = self._commands.task is not None and self._state.tasks == 1
        first = first and (told is None or told.step is TaskStep.PREPARING) and not self._state.paused
        first = first and not self._state.closing and len(self._state.inbox.queue) == 1
        return first and workflow.now() - self._display.since < BURST

    async def _run_task(self) -> None:
        session = str(uuid.uuid5(SESSIONS, self._thread.thread))
        state = self._state
        if state.retry and (before := state.meant(state.retry)):
            task = state.repeated(self._thread, session, state.retry, before)
        else:
            task = state.next_task(self._thread, session)
        state.retry = None
        self._commands.task, self._commands.status = task, None
        self._answers.begin()
        self._display.since = workflow.now()
        self._display.show()
        result = await self._open_task.outcome_of(task)
        task = task.model_copy(update={"messages": result.messages or task.messages})
        state.record(task, result, workflow.now())
        self._shows.closed(task, result, begun=self._display.since)
        self._commands.task = self._commands.status = None
        self._display.since = workflow.now()
        state.put_back((*result.unused, *(order.left for order in self._orders if order.left)))
        self._orders.clear()
        self._commands.hold_after(result)
        self._commands.settle()
        self._display.show(result)
        await self._open_task.notify(task, result)

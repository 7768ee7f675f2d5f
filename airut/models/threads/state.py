"""All that a thread knows and carries from run to run, and how it changes. Pure."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from airut.models.base import Model
from airut.models.blob import BlobRef, Text
from airut.models.mail.bounce import Bounce
from airut.models.pull_requests.news import ToldNews
from airut.models.pull_requests.pull_request import PullRequestRef
from airut.models.tasks.outcome import TaskOutcome, Usage
from airut.models.tasks.progress import ShowOrder, shows_tasks
from airut.models.tasks.retry import ClosedTask, RetryOrder
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.task import Recollection, ReplyRecord, RetryOf, Stored, TaskInput, TaskResult, Unsent
from airut.models.threads.amendment import Amendments
from airut.models.threads.command import CommandRecord, ThreadCommand
from airut.models.threads.inbox import Inbox
from airut.models.threads.message import ChannelKind, Hints, InboundMessage
from airut.models.threads.notice_board import NoticeBoard
from airut.models.threads.notices import TIMED, Acceptance, first_line, not_kept, task_over
from airut.models.threads.records import AnswerRecord, QueueNote, TaskRecord

COMMANDS_KEPT = 20
REPLIES_KEPT = ANSWERS_KEPT = 5
"""How many commands, replies and answers a thread still knows; more would only make it larger."""


class Pause(Model):
    at: datetime
    author: str


class ThreadName(Model):
    """Which thread it is: its id, its repository's, and the channel that it is spoken through."""

    thread: str
    repo: str
    channel: ChannelKind


class ThreadState(BaseModel):
    """All that a thread knows; the only thing that a continued run is given."""

    model_config = ConfigDict(extra="forbid")

    inbox: Inbox = Field(default_factory=Inbox)
    notices: NoticeBoard = Field(default_factory=NoticeBoard)
    amendments: Amendments = Field(default_factory=Amendments)
    subject: str = ""
    tasks: int = 0
    session_id: str | None = None
    host: str | None = None
    branch: str | None = None
    published: str | None = None
    pull_request: PullRequestRef | None = None
    merged: int | None = None  # the number of its pull request that was merged last
    news: tuple[ToldNews, ...] = ()  # of its pull request, as people were told
    followed: bool = False  # its pull request, at any time
    usage: Usage = Usage()
    recent: list[TaskRecord] = Field(default_factory=list)
    last_reply: ReplyRecord | None = None
    paused: Pause | None = None
    commands: list[CommandRecord] = Field(default_factory=list)
    pending: list[ThreadCommand] = Field(default_factory=list)
    """Commands that are under way: their answer is the state that they reach."""
    closing: bool = False
    retry: RetryOrder | None = None
    last: ClosedTask | None = None
    stored: Stored = Stored()
    goal: Text | None = None
    replies: tuple[BlobRef, ...] = ()
    held: Hints = Hints()
    settings: ThreadSettings = ThreadSettings()
    heard: float = 0.0
    """Up to where what was said around our messages is known, by their channel's clock."""
    overheard: float = 0.0
    """When something was said that was not for us, by the same."""
    attends: bool = False
    """Whether nothing was said since `heard` that this life of the thread was not told of."""
    quiet_since: datetime | None = None
    """Since when nothing has happened in this thread."""
    warned: bool = False
    dropped: tuple[str, ...] = ()
    """Messages that a close has thrown away, in a line each."""
    unsent: str = ""
    """Why the reply before could not be sent; the next one says so."""
    unsent_text: Text | None = None
    """What it had said."""
    bounces: tuple[Bounce, ...] = ()
    """Mails of this thread that other servers could not deliver."""
    answered: tuple[AnswerRecord, ...] = ()
    losses: tuple[str, ...] = ()
    """What an archive did not keep; the next reply says so."""
    to_show: list[ShowOrder] = Field(default_factory=list)
    """What the channel has yet to show, oldest first."""
    queue_notes: list[QueueNote] = Field(default_factory=list)
    waiting_shown: list[str] = Field(default_factory=list)
    """Keys of messages that it shows as waiting."""

    def accept(self, message: InboundMessage, now: datetime) -> Acceptance:
        """Queue a message, unless its key is known, the queue is full, or its author has no part in this thread.

        What was refused is known from then on: its author was told to write it again, and its channel may deliver it
        once more by itself.
        """
        inbox = self.inbox
        if any(map(inbox.knows, (message.key, *message.also))):
            return Acceptance.KNOWN
        for key in (message.key, *message.also):
            inbox.remember(key, now)
        if not inbox.has_room_for(message):
            return self.notices.refuse(message, Acceptance.QUEUE_FULL)
        if not inbox.admits(message):
            return self.notices.refuse(message, Acceptance.NOT_PARTICIPANT)
        inbox.add(message)
        self.quiet_since, self.warned = now, False
        self.goal = self.goal or message.uncut or message.text
        self.subject = self.subject or message.subject
        return Acceptance.QUEUED

    def begin_anew(self) -> None:
        """After a change in the queue of a thread that has not run anything: what it is about is its first message, as
        that stands now. With none left it is as if nobody had ever written."""
        if self.tasks:
            return
        first = next(iter(self.inbox.queue), None)
        self.goal, self.subject = (first.uncut or first.text, first.subject) if first else (None, "")
        if first is None:
            self.paused = self.quiet_since = None

    def learn(self, host: str | None, settings: ThreadSettings | None) -> None:
        """What the open task has found out."""
        self.host, self.settings = host or self.host, settings or self.settings

    @property
    def has_begun(self) -> bool:
        """False for a thread that was never sent anything to do."""
        return bool(self.tasks or self.inbox.queue)

    def hold(self, now: datetime, author: str) -> None:
        """Pause: nothing starts until somebody resumes."""
        self.paused = Pause(at=now, author=author)
        self.quiet_since = self.quiet_since or now  # from an archive nothing else may have come yet

    def close(self) -> None:
        """From now on the thread is coming to its end; what waits is dropped. What comes later opens it again."""
        self.closing, self.paused, self.retry = True, None, None
        self._drop(self.inbox.empty())

    def _drop(self, messages: tuple[InboundMessage, ...]) -> None:
        lines = (f"{each.author}, {each.sent_at:{TIMED}}: {first_line(each)}" for each in messages)
        self.dropped = (*self.dropped, *lines)

    def put_back(self, messages: tuple[InboundMessage, ...]) -> None:
        """Messages that were taken out of the queue and not used; their keys are known already. They came before a
        close, and are dropped with the others that did."""
        if self.closing:
            self._drop(messages)
        else:
            self.inbox.put_back(messages)

    def carried_out(self, command: ThreadCommand, said: str, now: datetime) -> None:
        """A command has reached its state; whoever gave it is told, where the channel wants that."""
        record = CommandRecord(key=command.key, name=command.name, author=command.author, at=now, said=said)
        self.commands = [*self.commands[-(COMMANDS_KEPT - 1) :], record]
        if command.answered:
            self.notices.tell(command.message, said)

    def addressed(self, message: InboundMessage, thread: ThreadName) -> TaskInput:
        """What a note about a message is addressed by."""
        return TaskInput(
            thread=thread.thread,
            repo=thread.repo,
            channel=thread.channel,
            number=self.tasks,
            messages=(message,),
            session_id="",
            participants=(message.author,),
        )

    def next_task(self, thread: ThreadName, session_id: str) -> TaskInput:
        """Take what one task may hold from the front of the queue."""
        messages = self.inbox.take_for_task()
        self.tasks = max([self.tasks, *(message.numbers_above for message in messages)])
        return self._task(thread, session_id, messages)

    def repeated(self, thread: ThreadName, session_id: str, order: RetryOrder, before: ClosedTask) -> TaskInput:
        """A task that does `before`, an earlier one, again, from the step that is asked for."""
        retry = RetryOf(number=before.input.number, step=order.step, result=before.result)
        return self._task(thread, session_id, before.input.messages).model_copy(update={"retry": retry})

    def _task(self, thread: ThreadName, session_id: str, messages: tuple[InboundMessage, ...]) -> TaskInput:
        self.tasks += 1
        self.session_id = self.session_id or session_id
        return TaskInput(
            thread=thread.thread,
            repo=thread.repo,
            channel=thread.channel,
            number=self.tasks,
            messages=messages,
            session_id=self.session_id,
            host=self.host,
            branch=self.branch,
            published=self.published,
            pull_request=self.pull_request,
            merged=self.merged if self.pull_request and self.pull_request.number == self.merged else None,
            participants=self.inbox.participants,
            held=self.held,
            begun=Recollection(goal=self.goal, replies=self.replies),
            stored=self.stored,
            spent_usd=self.usage.cost_usd,
            settings=self.settings,
            notes=tuple(filter(None, ("" if self.unsent_text else self.unsent, not_kept(self.losses)))),
            unsent=Unsent(reason=self.unsent, text=self.unsent_text) if self.unsent_text else None,
            shows=shows_tasks(thread.channel),
            waited=tuple(message.key for message in messages if message.key in self.waiting_shown),
        )

    def record(self, task: TaskInput, result: TaskResult, now: datetime) -> None:
        """Carry over what a closed task leaves to the next one. `task` has all messages that it took in."""
        self.held = task.hints.model_copy(update={"budget": None})  # a budget is one task's
        self.host, self.branch = result.host or self.host, result.branch or self.branch
        self.published = result.published or self.published
        self.pull_request = result.pull_request or self.pull_request
        self.followed = self.followed or result.followed
        self.session_id = result.session_id or self.session_id
        self.stored = result.stored
        self.usage = self.usage + result.usage
        self.settings = result.settings or self.settings
        if result.reply:
            self.last_reply, self.unsent, self.unsent_text, self.losses = result.reply, "", None, ()
            self.replies = (*self.replies, result.reply.markdown)[-REPLIES_KEPT:]
        elif result.outcome is TaskOutcome.REPLY_FAILED:
            self.unsent = f"The answer to your message before this one could not be sent: {result.detail}"[:500]
            self.unsent_text = result.agent.text if result.agent else None
        closed = TaskRecord(number=task.number, outcome=result.outcome, ended_at=now, cost_usd=result.usage.cost_usd)
        self.recent = [*self.recent[-9:], closed]
        kept = result.model_copy(update={"messages": (), "unused": ()})  # of which the input has one and the queue one
        self.last = ClosedTask(input=task.model_copy(update={"retry": None}), result=kept)
        self.quiet_since, self.warned = now, False

    def meant(self, order: RetryOrder) -> ClosedTask | None:
        """The task that is to be done again: the last one, which is known here, or one that Temporal has recorded."""
        if self.last and order.task in {None, self.last.input.number}:
            return self.last
        return order.before if order.before and order.before.input.number == order.task else None

    def over(self, number: int) -> str:
        """That a task is over, and what its place is."""
        ended = next((record.ended_at for record in self.recent if record.number == number), None)
        said = task_over(number, ended)
        return said if number >= self.tasks else f"{said} The conversation has gone on since, with task {self.tasks}."

    def why_not_retry(
        self, order: RetryOrder, running: bool, answered: TaskOutcome | None = None
    ) -> tuple[str, str] | None:
        """Why this task cannot be done again now: a kind and words; None when it can. `answered` is the outcome of the
        open task once people have been told of it: whoever reads that can have it done again at once."""
        closes = answered is not None and order.task == self.tasks
        if self.closing:
            return "thread_closing", "The conversation is being closed; send a message to begin it again."
        if (running and not closes) or self.retry:
            return "task_open", "A task is open; stop it, or wait for its answer."
        if self.paused:
            return "thread_paused", "The conversation is paused; resume it first."
        if answered is not None and closes:
            return self._nothing_to_retry(order, self.tasks, answered)
        if self.last is None:
            return "nothing_to_retry", "There is no task yet that could be done again."
        if (before := self.meant(order)) is None and not order.operator and order.task is not None:
            return "nothing_to_retry", self.over(order.task)
        if before is None:
            return "nothing_to_retry", f"Task {order.task} is not recorded any more with its input."
        return self._nothing_to_retry(order, before.input.number, before.result.outcome)

    def _nothing_to_retry(self, order: RetryOrder, number: int, outcome: TaskOutcome) -> tuple[str, str] | None:
        if not order.operator and outcome.succeeded:
            return "nothing_to_retry", f"Task {number} ended as {outcome}: nothing to retry."
        return None

"""All that a thread knows and carries from run to run, and how it changes. Pure."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from airut.models.archive import NOTES_AHEAD, Archived, ArchivedThread, KnownKey, number_at
from airut.models.base import Model
from airut.models.blob import BlobRef, Text
from airut.models.command import CommandRecord, RetryOrder, ThreadCommand, without_text
from airut.models.message import Hints, InboundMessage
from airut.models.notices import TIMED, Acceptance, first_line, not_kept, refusal
from airut.models.outcome import TaskOutcome, Usage
from airut.models.pull_request import PullRequestRef
from airut.models.settings import ThreadSettings
from airut.models.task import Recollection, ReplyRecord, RetryOf, Stored, TaskInput, TaskResult

if TYPE_CHECKING:
    from airut.models.thread import ThreadInput

SEEN_AGE = timedelta(days=30)
SEEN_MOST = 5_000
"""A key is remembered this long, or among this many newest: far beyond any channel's redelivery."""

QUEUE_MOST = 200
QUEUE_BYTES = 1024**2
"""The queue goes through continue-as-new as one payload, of which Temporal takes two MiB."""

NOTICES_MOST = 100
TASK_MESSAGES = 20
TASK_CHARACTERS = 200_000
"""A task takes at most this much of the queue; the rest waits for the following one (spec: lifecycle §4)."""


COMMANDS_KEPT = 20
REPLIES_KEPT = 5
"""How many commands and replies a thread still knows; more would only make it larger."""


class Notice(Model):
    """Something to tell the author of a message, which is here without its text. Where there is no channel to tell it
    through, only the thread's status shows it."""

    message: InboundMessage
    text: str
    reason: Acceptance | None = None
    """Set when the message was not taken."""


class Pause(Model):
    at: datetime
    author: str


class SeenKey(Model):
    """A message that was accepted, and when."""

    key: str
    at: datetime


class TaskRecord(Model):
    """A closed task, in one line."""

    number: int
    outcome: TaskOutcome
    ended_at: datetime
    cost_usd: float = 0.0


class ClosedTask(Model):
    """A task as a retry needs it: what it was given, and what it left."""

    input: TaskInput
    result: TaskResult


class ThreadState(BaseModel):
    """All that a thread knows; the only thing that a continued run is given."""

    model_config = ConfigDict(extra="forbid")

    queue: list[InboundMessage] = Field(default_factory=list)
    queued_bytes: int = 0
    notices: list[Notice] = Field(default_factory=list)
    """What is still to be told, oldest first."""
    told: tuple[str, ...] = ()
    """Authors who know that they have no part in this thread."""
    notes: int = 0
    """The number of the note that was sent last: each has a Message-ID of its own."""
    seen: list[SeenKey] = Field(default_factory=list)
    subject: str = ""
    tasks: int = 0
    session_id: str | None = None
    host: str | None = None
    branch: str | None = None
    published: str | None = None
    pull_request: PullRequestRef | None = None
    participants: tuple[str, ...] = ()
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
    quiet_since: datetime | None = None
    """Since when nothing has happened in this thread."""
    warned: bool = False
    dropped: tuple[str, ...] = ()
    """Messages that a close has thrown away, in a line each."""
    unsent: str = ""
    """Why the reply before could not be sent; the next one says so."""
    losses: tuple[str, ...] = ()
    """What an archive did not keep; the next reply says so."""

    def accept(self, message: InboundMessage, now: datetime) -> Acceptance:
        """Queue a message, unless its key is known, the queue is full, or its author has no part in this thread.

        The key of a message that was refused for a full queue is not remembered: sent again later, it counts.
        """
        if self.knows(message.key):
            return Acceptance.KNOWN
        size = _size(message)
        if len(self.queue) >= QUEUE_MOST or self.queued_bytes + size > QUEUE_BYTES:
            return self.refuse(message, Acceptance.QUEUE_FULL)
        self.remember(message.key, now)
        if not self.admits(message):
            return self.refuse(message, Acceptance.NOT_PARTICIPANT)
        self._append(message)
        self.quiet_since, self.warned = now, False
        self.goal = self.goal or message.uncut or message.text
        self.subject = self.subject or message.subject
        self.participants = tuple(dict.fromkeys((*self.participants, *message.participants)))
        return Acceptance.QUEUED

    @property
    def has_begun(self) -> bool:
        """False for a thread that was never sent anything to do."""
        return bool(self.tasks or self.queue)

    def knows(self, key: str) -> bool:
        return any(seen.key == key for seen in self.seen)

    def remember(self, key: str, now: datetime) -> None:
        self.seen = [seen for seen in self.seen if now - seen.at < SEEN_AGE][-(SEEN_MOST - 1) :]
        self.seen.append(SeenKey(key=key, at=now))

    def admits(self, message: InboundMessage) -> bool:
        """Whether the author has a part in this thread, or needs none."""
        return not self.participants or message.author in self.participants or message.open_to_authorized

    def hold(self, now: datetime, author: str) -> None:
        """Pause: nothing starts until somebody resumes."""
        self.paused = Pause(at=now, author=author)
        self.quiet_since = self.quiet_since or now  # from an archive nothing else may have come yet

    def close(self) -> None:
        """From now on the thread is coming to its end; what waits is dropped. What comes later opens it again."""
        self.closing, self.paused, self.retry = True, None, None
        self._drop(tuple(self.queue))
        self.queue.clear()
        self.queued_bytes = 0

    def _drop(self, messages: tuple[InboundMessage, ...]) -> None:
        lines = (f"{each.author}, {each.sent_at:{TIMED}}: {first_line(each)}" for each in messages)
        self.dropped = (*self.dropped, *lines)

    def archived(self, thread: "ThreadInput", kept: Archived, now: datetime) -> ArchivedThread:
        """What a later message needs."""
        return ArchivedThread(
            thread=thread.thread,
            repo=thread.repo,
            channel=thread.channel,
            ended_at=now,
            keys=tuple(KnownKey(key=seen.key, at=seen.at) for seen in self.seen),
            participants=self.participants,
            told=self.told,
            notes=max(self.notes, number_at(now)) + NOTES_AHEAD,  # some are sent after this
            subject=self.subject,
            tasks=self.tasks,
            usage=self.usage,
            hints=self.held,
            session_id=self.session_id,
            transcript=kept.transcript or self.stored.transcript,
            bundle=self.stored.bundle,
            storage=kept.storage or self.stored.storage,
            branch=self.branch,
            published=self.published,
            pull_request=self.pull_request,
            losses=tuple(dict.fromkeys((*self.losses, *kept.losses))),
        )

    def reopen(self, archived: ArchivedThread) -> None:
        """Go on from an archive, before anything else happens in this life."""
        self.seen = [SeenKey(key=each.key, at=each.at) for each in archived.keys]
        self.participants, self.told = archived.participants, archived.told
        self.subject = archived.subject
        self.notes, self.tasks, self.usage, self.held = archived.notes, archived.tasks, archived.usage, archived.hints
        self.session_id, self.branch, self.published = archived.session_id, archived.branch, archived.published
        self.pull_request = archived.pull_request
        self.stored = Stored(transcript=archived.transcript, bundle=archived.bundle, storage=archived.storage)
        self.losses = archived.losses

    def _append(self, message: InboundMessage) -> None:
        self.queue.append(message)
        self.queued_bytes += _size(message)

    def take_back(self) -> InboundMessage:
        """The message that was queued last, for whatever else it is."""
        message = self.queue.pop()
        self.queued_bytes -= _size(message)
        return message

    def put_back(self, messages: tuple[InboundMessage, ...]) -> None:
        """Messages that were taken out of the queue and not used; their keys are known already. They came before a
        close, and are dropped with the others that did."""
        if self.closing:
            self._drop(messages)
            return
        self.queue[:0] = messages
        self.queued_bytes += sum(map(_size, messages))

    def number_note(self, now: datetime) -> int:
        """The number of the next note. It goes with the clock, so that none comes twice where an archive is lost."""
        self.notes = max(self.notes + 1, number_at(now))
        return self.notes

    def refuse(self, message: InboundMessage, reason: Acceptance) -> Acceptance:
        """Remember whom to tell: of a full queue once until that is done, so that a storm makes one answer; of having
        no part in the thread once for ever."""
        told = any(notice.reason and notice.message.author == message.author for notice in self.notices)
        if reason is Acceptance.NOT_PARTICIPANT:
            told = told or message.author in self.told
            self.told = tuple(dict.fromkeys((*self.told, message.author)))
        if not told:
            self.tell(message, refusal(reason), reason)
        return reason

    def tell(self, message: InboundMessage, text: str, reason: Acceptance | None = None) -> None:
        """At most so many notices wait: an enemy with many addresses must not make the thread grow without end."""
        if len(self.notices) < NOTICES_MOST:
            self.notices.append(Notice(message=without_text(message), text=text, reason=reason))

    def carried_out(self, command: ThreadCommand, said: str, now: datetime) -> None:
        """A command has reached its state; whoever gave it is told, where the channel wants that."""
        record = CommandRecord(key=command.key, name=command.name, author=command.author, at=now, said=said)
        self.commands = [*self.commands[-(COMMANDS_KEPT - 1) :], record]
        if command.answered:
            self.tell(command.message, said)

    def addressed(self, message: InboundMessage, thread: "ThreadInput") -> TaskInput:
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

    def next_task(self, thread: "ThreadInput", session_id: str) -> TaskInput:
        """Take what one task may hold from the front of the queue."""
        taken: list[InboundMessage] = []
        characters = 0
        while self.queue and len(taken) < TASK_MESSAGES:
            text = self.queue[0].text
            characters += len(text.inline) if text.inline is not None else text.blob.size if text.blob else 0
            if taken and characters > TASK_CHARACTERS:
                break
            taken.append(self.queue.pop(0))
            self.queued_bytes -= _size(taken[-1])
        return self._task(thread, session_id, tuple(taken))

    def repeated(self, thread: "ThreadInput", session_id: str, order: RetryOrder, before: ClosedTask) -> TaskInput:
        """A task that does an earlier one again, from the step that is asked for."""
        retry = RetryOf(number=before.input.number, step=order.step, result=before.result)
        return self._task(thread, session_id, before.input.messages).model_copy(update={"retry": retry})

    def _task(self, thread: "ThreadInput", session_id: str, messages: tuple[InboundMessage, ...]) -> TaskInput:
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
            participants=self.participants,
            held=self.held,
            begun=Recollection(goal=self.goal, replies=self.replies),
            stored=self.stored,
            spent_usd=self.usage.cost_usd,
            settings=self.settings,
            notes=tuple(filter(None, (self.unsent, not_kept(self.losses)))),
        )

    def record(self, task: TaskInput, result: TaskResult, now: datetime) -> None:
        """Carry over what a closed task leaves to the next one. `task` has all messages that it took in."""
        self.held = task.hints.model_copy(update={"budget": None})  # a budget is one task's
        self.host = result.host or self.host
        self.branch = result.branch or self.branch
        self.published = result.published or self.published
        self.pull_request = result.pull_request or self.pull_request
        self.session_id = result.session_id or self.session_id
        self.stored = result.stored
        self.usage = self.usage + result.usage
        self.settings = result.settings or self.settings
        if result.reply:
            self.last_reply, self.unsent, self.losses = result.reply, "", ()
            self.replies = (*self.replies, result.reply.markdown)[-REPLIES_KEPT:]
        elif result.outcome is TaskOutcome.REPLY_FAILED:
            self.unsent = f"The answer to your message before this one could not be sent: {result.detail}"[:500]
        closed = TaskRecord(number=task.number, outcome=result.outcome, ended_at=now, cost_usd=result.usage.cost_usd)
        self.recent = [*self.recent[-9:], closed]
        kept = result.model_copy(update={"messages": (), "unused": ()})  # of which the input has one and the queue one
        self.last = ClosedTask(input=task.model_copy(update={"retry": None}), result=kept)
        self.quiet_since, self.warned = now, False

    def why_not_retry(self, order: RetryOrder, running: bool) -> tuple[str, str] | None:
        """Why this task cannot be done again now: a kind and words; None when it can."""
        if self.closing:
            return "thread_closing", "The conversation is being closed; send a message to begin it again."
        if running or self.retry:
            return "task_open", "A task is open; stop it, or wait for its answer."
        if self.paused:
            return "thread_paused", "The conversation is paused; resume it first."
        if self.last is None:
            return "nothing_to_retry", "There is no task yet that could be done again."
        if order.task not in {None, self.last.input.number}:
            return (
                "nothing_to_retry",
                f"Only the last task, {self.last.input.number}, is still recorded with its input.",
            )
        if not order.operator and self.last.result.outcome.did_its_job:
            return (
                "nothing_to_retry",
                f"Task {self.last.input.number} ended as {self.last.result.outcome}: nothing to retry.",
            )
        return None


def _size(message: InboundMessage) -> int:
    """Bytes that the message takes in a payload."""
    return len(message.model_dump_json().encode())

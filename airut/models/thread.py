"""A conversation thread: what its workflow carries, accepts and tells."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from airut.models.base import Model
from airut.models.blob import Text
from airut.models.message import ChannelKind, InboundMessage
from airut.models.outcome import TaskOutcome, Usage
from airut.models.pull_request import PullRequestRef
from airut.models.task import ReplyRecord, TaskInput, TaskResult

SEEN_AGE = timedelta(days=30)
SEEN_MOST = 5_000
"""A key is remembered this long, or among this many newest: far beyond any channel's redelivery."""

QUEUE_MOST = 200
QUEUE_BYTES = 1024**2
"""The queue goes through continue-as-new as one payload, of which Temporal takes two MiB."""

REFUSED_MOST = 50
TASK_MESSAGES = 20
TASK_CHARACTERS = 200_000
"""A task takes at most this much of the queue; the rest waits for the following one (spec: lifecycle §4)."""


class ThreadPhase(StrEnum):
    IDLE = "idle"
    RUNNING = "running"


class Acceptance(StrEnum):
    """What became of a message that reached its thread."""

    QUEUED = "queued"
    KNOWN = "known"
    QUEUE_FULL = "queue_full"
    NOT_PARTICIPANT = "not_participant"


class Refusal(Model):
    """A message that was not taken, without its text, and why: its author is told."""

    message: InboundMessage
    reason: Acceptance


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


class ThreadState(BaseModel):
    """All that a thread knows; the only thing that a continued run is given."""

    model_config = ConfigDict(extra="forbid")

    queue: list[InboundMessage] = Field(default_factory=list)
    queued_bytes: int = 0
    refused: list[Refusal] = Field(default_factory=list)
    told: tuple[str, ...] = ()
    """Authors who know that they have no part in this thread."""
    notes: int = 0
    """How many notes were sent: each has a Message-ID of its own."""
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

    def accept(self, message: InboundMessage, now: datetime) -> Acceptance:
        """Queue a message, unless its key is known, the queue is full, or its author has no part in this thread.

        The key of a message that was refused for a full queue is not remembered: sent again later, it counts.
        """
        if any(seen.key == message.key for seen in self.seen):
            return Acceptance.KNOWN
        size = _size(message)
        if len(self.queue) >= QUEUE_MOST or self.queued_bytes + size > QUEUE_BYTES:
            return self._refuse(message, Acceptance.QUEUE_FULL)
        self.seen = [seen for seen in self.seen if now - seen.at < SEEN_AGE][-(SEEN_MOST - 1) :]
        self.seen.append(SeenKey(key=message.key, at=now))
        if self.participants and message.author not in self.participants and not message.open_to_authorized:
            return self._refuse(message, Acceptance.NOT_PARTICIPANT)
        self.queue.append(message)
        self.queued_bytes += size
        self.subject = self.subject or message.subject
        self.participants = tuple(dict.fromkeys((*self.participants, *message.participants)))
        return Acceptance.QUEUED

    def _refuse(self, message: InboundMessage, reason: Acceptance) -> Acceptance:
        """Remember whom to tell: of a full queue once until that is done, so that a storm makes one answer; of having
        no part in the thread once for ever."""
        told = any(refusal.message.author == message.author for refusal in self.refused)
        if reason is Acceptance.NOT_PARTICIPANT:
            told = told or message.author in self.told
            self.told = tuple(dict.fromkeys((*self.told, message.author)))
        if not told and len(self.refused) < REFUSED_MOST:
            bare = {"text": Text(inline=""), "uncut": None, "attachments": (), "notes": ()}
            self.refused.append(Refusal(message=message.model_copy(update=bare), reason=reason))
        return reason

    def note_for(self, refusal: Refusal, thread: "ThreadInput") -> TaskInput:
        """What a note about a refused message is addressed by."""
        return TaskInput(
            thread=thread.thread,
            repo=thread.repo,
            channel=thread.channel,
            number=self.tasks,
            messages=(refusal.message,),
            session_id="",
            participants=(refusal.message.author,),
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
        self.tasks += 1
        self.session_id = self.session_id or session_id
        return TaskInput(
            thread=thread.thread,
            repo=thread.repo,
            channel=thread.channel,
            number=self.tasks,
            messages=tuple(taken),
            session_id=self.session_id,
            host=self.host,
            branch=self.branch,
            published=self.published,
            pull_request=self.pull_request,
            participants=self.participants,
        )

    def record(self, number: int, result: TaskResult, now: datetime) -> None:
        """Carry over what a closed task leaves to the next one."""
        self.host = result.host or self.host
        self.branch = result.branch or self.branch
        self.published = result.published or self.published
        self.pull_request = result.pull_request or self.pull_request
        self.usage = self.usage + result.usage
        self.last_reply = result.reply or self.last_reply
        closed = TaskRecord(number=number, outcome=result.outcome, ended_at=now, cost_usd=result.usage.cost_usd)
        self.recent = [*self.recent[-9:], closed]


def _size(message: InboundMessage) -> int:
    """Bytes that the message takes in a payload."""
    return len(message.model_dump_json().encode())


class ThreadInput(Model):
    """A thread's first argument, and with `carried` that of each continued run."""

    thread: str
    repo: str
    channel: ChannelKind
    carried: Annotated[ThreadState | None, Field(repr=False)] = None


class QueuedMessage(Model):
    """A waiting message as `status` shows it."""

    author: str
    sent_at: datetime
    first_line: str


class ThreadStatus(Model):
    """The thread's query, answered from memory in every state."""

    thread: str
    repo: str
    channel: ChannelKind
    phase: ThreadPhase
    since: datetime
    subject: str
    queue: tuple[QueuedMessage, ...] = ()
    task: str | None = None
    """Workflow id of the open task, whose own query tells the step."""
    tasks: int = 0
    recent: tuple[TaskRecord, ...] = ()
    usage: Usage = Usage()
    host: str | None = None
    branch: str | None = None
    pull_request: PullRequestRef | None = None
    last_reply: ReplyRecord | None = None

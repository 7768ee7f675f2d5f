"""A task: one prompt, one agent run, one reply, at most one pull request."""

from datetime import datetime
from enum import StrEnum

from airut.models.base import Model
from airut.models.blob import BlobRef, Text
from airut.models.pull_requests.pull_request import PullRequestRef
from airut.models.tasks.outcome import AgentVerdict, TaskOutcome, Usage
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.shown import Shown
from airut.models.threads.command import RetryStep
from airut.models.threads.message import Attachment, ChannelKind, Hints, InboundMessage


class TaskStep(StrEnum):
    """Where a task is (spec: lifecycle §3)."""

    ACCEPTED = "accepted"
    PREPARING = "preparing"
    AGENT = "agent"
    AWAITING_ANSWER = "awaiting_answer"
    AWAITING_PROVIDER = "awaiting_provider"
    AWAITING_OPERATOR = "awaiting_operator"
    PAUSED = "paused"
    PUBLISHING = "publishing"
    REPLYING = "replying"
    CLOSED = "closed"

    @property
    def waits(self) -> bool:
        """No worker or sandbox slot is held meanwhile, and no container but that of a frozen agent."""
        return self.startswith("awaiting_") or self is TaskStep.PAUSED


class Recollection(Model):
    """What a new session is told of an old one that cannot be gone on with: the thread's first words, and its last
    replies, oldest first."""

    goal: Text | None = None
    replies: tuple[BlobRef, ...] = ()


class Stored(Model):
    """What of a thread lies in the blob store, and so survives its host: the newest transcript of the session, the
    commits that were not published when the last agent ended, and what was not even committed."""

    transcript: BlobRef | None = None
    bundle: BlobRef | None = None
    changes: BlobRef | None = None
    """A bundle of one commit, on top of those."""
    storage: BlobRef | None = None
    """`/storage` as a tar; only of a thread that had ended."""


class ReplyRecord(Model):
    """An answer that was delivered: kind, the channel's id of it, and its Markdown in the blob store."""

    kind: ReplyKind
    message_id: str
    markdown: BlobRef
    delivered_at: datetime
    notes: tuple[str, ...] = ()
    """What could not be sent along: files, recipients."""
    attachments: tuple[Attachment, ...] = ()
    """All files of the answer, also those that could not be sent along."""


class AgentResult(Model):
    """An ended run and what it left: the last words, files for the reply, and its commits as a bundle."""

    verdict: AgentVerdict
    text: Text
    outbox: tuple[Attachment, ...] = ()
    bundle: BlobRef | None = None
    work_error: str = ""
    """Why the commits could not be bundled, in git's words; they stay in the workspace."""
    uncommitted: int = 0
    """Files."""
    changes: BlobRef | None = None
    """They, as a bundle; None where there are none, or too much."""
    notes: tuple[str, ...] = ()
    transcript: BlobRef | None = None
    ran_s: float = 0.0
    """Seconds that the agent ran, by the sandbox's own clock."""
    frozen: bool = False
    """It has not ended: it stands still in its sandbox, and only `transcript` says anything yet."""
    blocked: tuple[str, ...] = ()
    """Requests that the fence refused, as `METHOD host (count)`, at most ten."""
    rejected: tuple[str, ...] = ()
    """Credentials that a host refused, as `NAME at host (status)`, at most ten."""
    access_log: BlobRef | None = None
    """What the sandbox asked the network for, line by line; packed with gzip."""


class TaskResult(Model):
    """What became of a task. It comes back to the thread also when the task failed, as the failure's detail."""

    outcome: TaskOutcome
    detail: str = ""
    usage: Usage = Usage()
    host: str | None = None
    branch: str | None = None
    published: str | None = None
    pull_request: PullRequestRef | None = None
    followed: bool = False
    """Whether the pull request is followed."""
    reply: ReplyRecord | None = None
    session_id: str | None = None
    """The session to go on with; another one than before where that could not be resumed."""
    stored: Stored = Stored()
    agent: AgentResult | None = None
    """What the last agent left, for a retry from a later step."""
    messages: tuple[InboundMessage, ...] = ()
    """All that this task took in, where that is more than it began with: what joined it, and what was an answer."""
    unused: tuple[InboundMessage, ...] = ()
    """What came too late to join, or to be an answer: they are ordinary messages."""
    settings: ThreadSettings | None = None
    """As they were when the workspace was prepared."""
    shown: Shown | None = None
    """What its channel shows of it, where that has a place for it."""


class RetryOf(Model):
    """The task that this one does again, from which step on, and what it had recorded by then."""

    number: int
    step: RetryStep
    result: TaskResult


class Unsent(Model):
    """An answer that could not be sent: why, and what the agent had said in it."""

    reason: str
    text: Text


class TaskInput(Model):
    """One task: the queue of its thread as it stood, and what the thread carries from task to task."""

    thread: str
    repo: str
    channel: ChannelKind
    number: int
    messages: tuple[InboundMessage, ...]
    session_id: str
    host: str | None = None
    """The sandbox host that holds the workspace; None before the first placement."""
    branch: str | None = None
    """The thread's own branch once something was pushed."""
    published: str | None = None
    """The commit that was pushed last: the same one again is no change."""
    pull_request: PullRequestRef | None = None
    merged: int | None = None
    """Its number, if it was merged: then the workspace is made anew from the default branch."""
    participants: tuple[str, ...] = ()
    held: Hints = Hints()
    """What earlier messages asked for; it holds until another one asks otherwise."""
    begun: Recollection = Recollection()
    stored: Stored = Stored()
    spent_usd: float = 0.0
    """By earlier tasks of the thread."""
    settings: ThreadSettings | None = None
    """As the thread knows them; what the workspace is prepared with comes in their place."""
    retry: RetryOf | None = None
    notes: tuple[str, ...] = ()
    """What the reply has to mention of earlier tasks."""
    unsent: Unsent | None = None
    """The answer before, which this one begins with."""
    shows: bool = False
    """Whether its channel has a place that shows how the task goes."""
    waited: tuple[str, ...] = ()
    """Keys of those messages that are shown as waiting."""

    @property
    def id(self) -> str:
        return f"{self.thread}/task-{self.number}"

    @property
    def subject(self) -> str:
        return next((message.subject for message in self.messages if message.subject), "")

    @property
    def hints(self) -> Hints:
        """The hints of the thread and of all messages united; the newest one wins, field by field."""
        united = self.held
        for message in self.messages:
            united = united.model_copy(update=message.hints.model_dump(exclude_none=True))
        return united


class TaskClosed(Model):
    """What whoever is named in a message's `notify` is told once its task has closed."""

    key: str
    """The message's."""
    task: str
    outcome: TaskOutcome

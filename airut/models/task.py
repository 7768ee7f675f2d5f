"""A task: one prompt, one agent run, one reply, at most one pull request."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from airut.models.base import Model
from airut.models.blob import BlobRef, Text
from airut.models.command import RetryStep
from airut.models.message import Attachment, ChannelKind, Hints, InboundMessage
from airut.models.outcome import AgentVerdict, TaskOutcome, Usage
from airut.models.pull_request import PullRequestRef
from airut.models.question import Answer, Question
from airut.models.reply import ReplyKind
from airut.models.settings import ThreadSettings
from airut.models.workspace import DefaultBranch


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
        """No worker, container or sandbox slot is held meanwhile."""
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
    blocked: tuple[str, ...] = ()
    """Requests that the fence refused, as `METHOD host (count)`, at most ten."""


class TaskResult(Model):
    """What became of a task. It comes back to the thread also when the task failed, as the failure's detail."""

    outcome: TaskOutcome
    detail: str = ""
    usage: Usage = Usage()
    host: str | None = None
    branch: str | None = None
    published: str | None = None
    pull_request: PullRequestRef | None = None
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


class RetryOf(Model):
    """The task that this one does again, from which step on, and what it had recorded by then."""

    number: int
    step: RetryStep
    result: TaskResult


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


class TaskStatus(Model):
    """The task's query, from memory."""

    step: TaskStep
    since: datetime
    detail: str = ""
    attempt: int = 1
    until: datetime | None = None
    """When a wait ends by itself."""
    question: Question | None = None
    asked: int = 0
    """How many questions the task has asked by now: an id can come twice, this number tells them apart."""


class TaskMove(Model):
    """A task tells its thread where it is, whenever that matters to others."""

    host: str | None
    status: TaskStatus
    result: TaskResult | None = None
    """What came of the task, once it is answered: whatever becomes of the task now, nobody answers again."""


class TaskOrder(Model):
    """What the thread passes on to its open task. An answer comes with the message that it was, or ready-made; what is
    of the same burst joins."""

    name: Literal["pause", "resume", "stop", "answer", "join"]
    author: str
    message: InboundMessage | None = None
    answer: Answer | None = None
    late: InboundMessage | None = None
    """What a ready-made answer is when it comes too late to be one."""

    @property
    def left(self) -> InboundMessage | None:
        """What goes back to the queue when the order was not carried out."""
        return self.message or self.late


class EndIntent(Model):
    """Why an agent's activity was cancelled: what its sandbox is to be granted, in seconds."""

    tool_grace_s: float
    """For the tool call in hand, before the agent is interrupted."""
    kill_after_s: float
    """From the interrupt on."""


class HostResult(Model):
    """A sandbox host that took a thread: its id, which also names its task queue."""

    host: str


class WorkspaceInput(Model):
    thread: str
    repo: str
    attachments: tuple[Attachment, ...] = ()
    published: str | None = None
    unpublished: BlobRef | None = None
    uncommitted: BlobRef | None = None
    """What a workspace that is not on this host any more is made from: the commit that was pushed last, a bundle of
    those that were not, and one of what was not committed."""


class WorkspaceResult(Model):
    """A checkout that is ready, and what the task's rules are: `policy` is the commit that all of `.airut/` is read
    from, the newest of the default branch; `base` is the commit that the checkout began at, which the thread's own
    commits come after."""

    policy: DefaultBranch
    base: str
    time_limit_s: float
    inbox: dict[str, str] = {}
    """Digest of an attachment → its name in the inbox, where two of one name must both be found."""
    settings: ThreadSettings | None = None
    brought: tuple[str, ...] = ()
    """The files in the inbox that hold what an earlier workspace of the thread had and this one may lack."""
    notes: tuple[str, ...] = ()
    """What could not be brought back."""


class ImageInput(Model):
    repo: str
    policy_commit: str


class ImageResult(Model):
    tag: str


class AgentInput(Model):
    """One agent run. `attempt` counts sandboxes made for this task, so a retry by Temporal adopts the running one."""

    task: TaskInput
    attempt: int
    image: str
    policy: DefaultBranch
    base: str
    inbox: dict[str, str] = {}
    resume_note: str | None = None
    """What the agent is told first, when this is not the task's first sandbox."""
    tell: bool = True
    """False when the session holds the messages for sure."""
    session_id: str | None = None
    """Another session than the task's."""
    question: Question | None = None
    """The question that the session waits with, and its answer: ready-made, or the message that is one."""
    answer: Answer | None = None
    answered_by: InboundMessage | None = None
    compact: bool = False
    restore: BlobRef | None = None
    """The transcript to put in place of one that is broken."""
    summary: bool = False
    """Begin a new session, and tell it what is known of the old one."""
    budget_usd: float | None = None
    time_left_s: float | None = None
    plan_approval: bool = False


class PublishInput(Model):
    task: TaskInput
    policy: DefaultBranch
    bundle: BlobRef
    text: Text
    """The agent's last words, which describe the change."""


class PublishResult(Model):
    """All None when the bundle held nothing that the branch does not hold already."""

    branch: str | None = None
    commit: str | None = None
    pull_request: PullRequestRef | None = None
    notes: tuple[str, ...] = ()


class ReplyInput(Model):
    """Everything an answer is composed from; `seq` tells two answers of one kind apart, `at` dates all tries alike."""

    task: TaskInput
    at: datetime
    kind: ReplyKind
    seq: int = 0
    outcome: TaskOutcome | None = None
    detail: str = ""
    text: Text | None = None
    usage: Usage = Usage()
    pull_request: PullRequestRef | None = None
    branch: str | None = None
    attachments: tuple[Attachment, ...] = ()
    notes: tuple[str, ...] = ()
    question: Question | None = None


class CleanUpInput(Model):
    task: TaskInput
    attempts: int
    delivered: bool
    """The reply has arrived, so the outbox may be emptied."""
    every: bool = False
    """Every sandbox of the task that is found, for one that was terminated and cannot say how many it had."""

"""A task: one prompt, one agent run, one reply, at most one pull request."""

from datetime import datetime
from enum import StrEnum

from airut.models.base import Model
from airut.models.blob import BlobRef, Text
from airut.models.message import Attachment, ChannelKind, Hints, InboundMessage
from airut.models.outcome import AgentVerdict, TaskOutcome, Usage
from airut.models.pull_request import PullRequestRef
from airut.models.reply import ReplyKind
from airut.models.workspace import DefaultBranch


class TaskStep(StrEnum):
    """Where a task is (spec: lifecycle §3)."""

    ACCEPTED = "accepted"
    PREPARING = "preparing"
    AGENT = "agent"
    PUBLISHING = "publishing"
    REPLYING = "replying"
    CLOSED = "closed"


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

    @property
    def id(self) -> str:
        return f"{self.thread}/task-{self.number}"

    @property
    def subject(self) -> str:
        return next((message.subject for message in self.messages if message.subject), "")

    @property
    def hints(self) -> Hints:
        """The hints of all messages united; the newest one wins, field by field."""
        united = Hints()
        for message in self.messages:
            united = united.model_copy(update=message.hints.model_dump(exclude_none=True))
        return united


class ReplyRecord(Model):
    """An answer that was delivered: kind, the channel's id of it, and its Markdown in the blob store."""

    kind: ReplyKind
    message_id: str
    markdown: BlobRef
    delivered_at: datetime
    notes: tuple[str, ...] = ()
    """What could not be sent along: files, recipients."""


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


class HostResult(Model):
    """A sandbox host that took a thread: its id, which also names its task queue."""

    host: str


class WorkspaceInput(Model):
    thread: str
    repo: str
    attachments: tuple[Attachment, ...] = ()


class WorkspaceResult(Model):
    """A checkout that is ready, and what the task's rules are: `policy` is the commit that all of `.airut/` is read
    from, the newest of the default branch; `base` is the commit that the checkout began at, which the thread's own
    commits come after."""

    policy: DefaultBranch
    base: str
    time_limit_s: float
    inbox: dict[str, str] = {}
    """Digest of an attachment → its name in the inbox, where two of one name must both be found."""


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
    """Set when an earlier sandbox of this task was lost: what the agent is told before the messages. They are told
    again, since nobody knows whether it had read them."""


class AgentResult(Model):
    """An ended run and what it left: the last words, files for the reply, and its commits as a bundle."""

    verdict: AgentVerdict
    text: Text
    outbox: tuple[Attachment, ...] = ()
    bundle: BlobRef | None = None
    work_error: str = ""
    """Why the commits could not be bundled, in git's words; they stay in the workspace."""
    uncommitted: int = 0
    notes: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    """Requests that the fence refused, as `METHOD host (count)`, at most ten."""


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


class CleanUpInput(Model):
    task: TaskInput
    attempts: int
    delivered: bool
    """The reply has arrived, so the outbox may be emptied."""

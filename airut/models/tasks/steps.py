"""What each step of a task is given, and what it returns: arguments and results of the activities."""

from datetime import datetime

from airut.models.base import Model
from airut.models.blob import BlobRef, Text
from airut.models.hosts.workspace import DefaultBranch
from airut.models.pull_requests.follow_up import FollowOrder
from airut.models.pull_requests.pull_request import PullRequestRef
from airut.models.questions.question import Answer, Question
from airut.models.tasks.outcome import TaskOutcome, Usage
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.task import TaskInput
from airut.models.threads.message import Attachment, ChannelKind, InboundMessage, RemoteFile


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
    merged: int | None = None
    """The number of the thread's pull request if that was merged: its workspace is one that was made since then."""


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


class FetchInput(Model):
    """One message's files, and whose they are."""

    repo: str
    channel: ChannelKind
    files: tuple[RemoteFile, ...]


class FetchResult(Model):
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...] = ()
    """What could not be had, and why."""


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
    account: int = 0
    """Which of the accounts at the model's provider it uses, in the order of the configuration."""
    freeze_s: float = 0.0
    """How long its sandbox may stand frozen, in all."""
    end: bool = False
    """End the agent that was begun by this order, and bring home what it left."""

    @property
    def job(self) -> str:
        """The same for every activity that follows this run, and so not of what only one of them is asked."""
        return self.model_dump_json(exclude={"freeze_s", "end"})


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
    follow: FollowOrder | None = None
    """Set where checks and reviews shall come back to the thread."""


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
    private: bool = False
    """For the author of the task's last message alone, where the channel can do that."""


class QuestionOver(Model):
    """A question that nobody can answer any more; `posted` is what it was sent with. It was answered by `answer`, or by
    `message`; or its task came to an end with `outcome`."""

    posted: ReplyInput
    at: datetime
    author: str = ""
    answer: Answer | None = None
    message: InboundMessage | None = None
    outcome: TaskOutcome | None = None


class CleanUpInput(Model):
    task: TaskInput
    attempts: int
    delivered: bool
    """The reply has arrived, so the outbox may be emptied."""
    every: bool = False
    """Every sandbox of the task that is found, for one that was terminated and cannot say how many it had."""

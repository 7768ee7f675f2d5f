"""A conversation thread: what its workflow is started with, and what it tells."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from airut.models.base import Model
from airut.models.mail.bounce import Bounce
from airut.models.pull_requests.news import ToldNews
from airut.models.pull_requests.pull_request import PullRequestRef
from airut.models.questions.question import Question
from airut.models.tasks.outcome import Usage
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.task import ReplyRecord
from airut.models.threads.command import CommandRecord
from airut.models.threads.message import ChannelKind
from airut.models.threads.records import TaskRecord
from airut.models.threads.state import ThreadName, ThreadState
from airut.models.threads.steering import TaskStatus


class ThreadPhase(StrEnum):
    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class ThreadInput(ThreadName):
    """A thread's first argument, and with `carried` that of each continued run."""

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
    open_task: TaskStatus | None = None
    """What the open task told last; between two waits its own query knows more."""
    question: Question | None = None
    waiting: str = ""
    """What the thread waits for, in words."""
    next_command: str = ""
    """The command that makes it go on, where one does."""
    commands: tuple[CommandRecord, ...] = ()
    settings: ThreadSettings = ThreadSettings()
    tasks: int = 0
    recent: tuple[TaskRecord, ...] = ()
    usage: Usage = Usage()
    host: str | None = None
    branch: str | None = None
    pull_request: PullRequestRef | None = None
    news: tuple[ToldNews, ...] = ()
    """What people were told of the pull request, oldest first."""
    last_reply: ReplyRecord | None = None
    bounces: tuple[Bounce, ...] = ()
    """Answers that have not arrived everywhere, as other servers say."""

"""What a thread and its open task tell each other."""

from datetime import datetime
from typing import Literal

from airut.models.base import Model
from airut.models.questions.question import Answer, Question
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.task import TaskResult, TaskStep
from airut.models.threads.message import InboundMessage


class TaskStatus(Model):
    """The task's query, from memory."""

    step: TaskStep
    since: datetime
    detail: str = ""
    attempt: int = 1
    until: datetime | None = None
    """When a wait ends by itself."""
    question: Question | None = None
    frozen: bool = False
    """Paused, and the agent stands still in its sandbox, until `until`."""
    asked: int = 0
    """How many questions the task has asked by now: an id can come twice, this number tells them apart."""

    @property
    def holds_nothing(self) -> bool:
        """No container, and no place on its host."""
        return self.step.waits and not self.frozen


class TaskMove(Model):
    """A task tells its thread where it is, whenever that matters to others."""

    host: str | None
    status: TaskStatus
    settings: ThreadSettings | None = None
    """As they were when the workspace was prepared."""
    result: TaskResult | None = None
    """What came of the task, once it is answered: whatever becomes of the task now, nobody answers again."""


class TaskOrder(Model):
    """What the thread passes on to its open task. An answer comes with the message that it was, or ready-made; what is
    of the same burst joins."""

    name: Literal["pause", "resume", "stop", "answer", "join"]
    author: str
    message: InboundMessage | None = None
    answer: Answer | None = None
    freeze: bool = True
    """Of a pause: whether the agent may be frozen for it. False has it interrupted, also when it is frozen already."""
    late: InboundMessage | None = None
    """What a ready-made answer is when it comes too late to be one."""

    @property
    def left(self) -> InboundMessage | None:
        """What goes back to the queue when the order was not carried out."""
        return self.message or self.late


class EndIntent(Model):
    """Why an agent's activity was cancelled: what its sandbox is to be granted, in seconds."""

    freeze: bool = False
    """It is frozen instead, where its host can do that."""
    tool_grace_s: float
    """For the tool call in hand, before the agent is interrupted."""
    kill_after_s: float
    """From the interrupt on."""

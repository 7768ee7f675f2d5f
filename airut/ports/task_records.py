"""What is recorded of a thread's tasks, also of those that ended long ago."""

from datetime import datetime
from typing import Protocol

from airut.models.base import Model
from airut.models.tasks.retry import ClosedTask
from airut.models.tasks.task import TaskInput, TaskResult
from airut.models.threads.steering import TaskStatus


class TaskRow(Model):
    """A task as Temporal's visibility has it."""

    number: int
    state: str
    started_at: datetime
    ended_at: datetime | None


class TaskDetail(TaskRow):
    """`input` as it began, with the messages that joined it once it has ended; None where it cannot be read.
    `result` is None while it runs."""

    input: TaskInput | None = None
    result: TaskResult | None = None

    @property
    def closed(self) -> ClosedTask | None:
        """As a retry needs it."""
        return ClosedTask(input=self.input, result=self.result) if self.input and self.result else None


class TaskRecords(Protocol):
    """Every method raises `airut.ports.thread_directory.DirectoryUnavailable`, within three seconds."""

    async def tasks(self, thread: str) -> tuple[TaskRow, ...]:
        """All that are still recorded, oldest first."""
        ...

    async def row(self, thread: str, number: int) -> TaskRow | None:
        """None: it is not recorded, or not any more."""
        ...

    async def detail(self, thread: str, number: int) -> TaskDetail | None:
        """None: it is not recorded, or not any more."""
        ...

    async def status(self, thread: str, number: int) -> TaskStatus | None:
        """An open task's own account; None where it gives none, since it has ended or no worker is up."""
        ...

"""Doing a task again."""

from airut.models.base import Model
from airut.models.tasks.task import TaskInput, TaskResult
from airut.models.threads.command import RetryStep


class ClosedTask(Model):
    """A task as a retry needs it: what it was given, and what it left."""

    input: TaskInput
    result: TaskResult


class RetryOrder(Model):
    """Argument of the update `retry`, which answers with the new task's id."""

    key: str
    """Makes an order that is sent twice count once."""
    author: str
    step: RetryStep = RetryStep.PREPARE
    task: int | None = None
    """The task to run again; None for the thread's last one."""
    before: ClosedTask | None = None
    """What Temporal has recorded of a task that is not the last one: a thread knows only that by itself."""
    operator: bool = True
    """An operator may also have a task run again that did its job; an author may not."""

"""What a thread remembers of what happened in it, a line each."""

from datetime import datetime

from airut.models.base import Model
from airut.models.tasks.outcome import TaskOutcome


class AnswerRecord(Model):
    """A question that was answered, and by whom."""

    question_id: str
    author: str
    at: datetime


class TaskRecord(Model):
    """A closed task, in one line."""

    number: int
    outcome: TaskOutcome
    ended_at: datetime
    cost_usd: float = 0.0


class QueueNote(Model):
    """A message whose author is told, at `due`, that it still waits."""

    key: str
    due: datetime

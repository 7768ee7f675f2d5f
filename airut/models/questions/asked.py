"""A question as people have it before them in their channel, and what becomes of it there."""

from datetime import datetime

from airut.models.base import Model
from airut.models.credentials.redaction import Redactor
from airut.models.questions.question import Option, Question
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.message import Route


class Asked(Model):
    """`key` is that of the answer's `Outbound` that it was sent with."""

    key: str
    thread: str
    task: int
    at: datetime
    lead: str = ""
    """What the agent has said before, and its plan: Markdown."""
    question: Question
    routes: tuple[Route, ...]
    participants: tuple[str, ...] = ()


class QuestionEnd(Model):
    """What is shown of it: the replies, one for each item, or why there are none."""

    at: datetime
    author: str = ""
    replies: tuple[str, ...] = ()
    outcome: TaskOutcome | None = None


def shown(question: Question, redactor: Redactor) -> Question:
    """A question as it may be shown. Options stay where they are, by which they are picked."""
    items = tuple(
        item.model_copy(
            update={
                "text": redactor.text(item.text),
                "header": redactor.text(item.header),
                "options": tuple(
                    Option(label=redactor.text(option.label), description=redactor.text(option.description))
                    for option in item.options
                ),
            }
        )
        for item in question.items
    )
    return question.model_copy(update={"items": items, "plan": redactor.text(question.plan), "tool_input": {}})

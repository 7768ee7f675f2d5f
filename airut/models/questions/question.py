"""What the agent asks people, what they answer, and how an answer that came as a text is read (spec: lifecycle §7)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from airut.models.base import Model

ITEMS_MOST = 4
"""As many as the agent's tool takes."""

type ToolUseId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""It names files and stands in a shell's pattern."""


class QuestionKind(StrEnum):
    CHOICE = "choice"
    PLAN = "plan"
    """The agent has made a plan, and waits for leave to carry it out."""


class Option(Model):
    label: str
    description: str = ""


class QuestionItem(Model):
    """One of the things asked. Free text is always an answer, with options or without."""

    text: str
    header: str = ""
    options: tuple[Option, ...] = ()
    multiple: bool = False


GO_ON, CHANGE = "go on", "change"
PLAN_ITEM = QuestionItem(
    text="Shall the agent carry out this plan?",
    header="Plan",
    options=(
        Option(label=GO_ON, description="the agent carries the plan out"),
        Option(label=CHANGE, description="the agent makes another plan; say what shall be different"),
    ),
)


class Question(Model):
    """What one call of a question tool asks. `tool_input` is that call's input: it is needed to answer it."""

    id: ToolUseId
    kind: QuestionKind = QuestionKind.CHOICE
    items: tuple[QuestionItem, ...] = Field(min_length=1, max_length=ITEMS_MOST)
    plan: str = ""
    """The plan in Markdown, for `PLAN`."""
    tool: str
    tool_input: dict[str, JsonValue] = {}


class ItemAnswer(Model):
    """What somebody picked for one item: places of its options, counted from 0, and words of their own."""

    chosen: tuple[Annotated[int, Field(ge=0)], ...] = ()
    text: str = ""


class Answer(Model):
    """What somebody answered. `replies` has one text for each item: the chosen labels, joined by a comma, or free
    text; an item that was not answered has an empty one."""

    question_id: ToolUseId
    replies: tuple[str, ...] = Field(min_length=1, max_length=ITEMS_MOST)
    text: str = ""
    """The person's own words."""
    author: str = ""
    at: datetime

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(reply.strip() for reply in self.replies):
            raise ValueError("an answer says something")
        return self

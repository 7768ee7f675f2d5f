"""Where a question's parts stand in the message that shows it, as ids of its blocks (spec: slack §9)."""

import re
from typing import Annotated

from pydantic import Field

from airut.models.base import Model
from airut.models.questions.question import ITEMS_MOST, ToolUseId

_BLOCK = re.compile(rf"airut\.ask\.(\d{{1,9}})\.([A-Za-z0-9_-]{{1,100}})\.(all|[0-{ITEMS_MOST - 1}](?:\.text|\.own)?)")

PICK = "airut.pick"
"""A button of one option, whose value is its place among them."""
SELECT = "airut.select"
"""A menu in which choosing is answering."""
CHOOSE = "airut.choose"
"""What is only chosen, and sent by `SEND`."""
SEND, OTHER = "airut.send", "airut.other"
ANSWERS = re.compile(r"airut\.(pick|select|choose|send|other)")
MODAL = "airut.answer"
"""The callback id of the form for an answer in one's own words."""
OWN = "airut.own"
"""Its text fields."""


class QuestionPlace(Model):
    """One question of one task. Its items are counted from 0."""

    task: Annotated[int, Field(ge=1)]
    question_id: ToolUseId

    @property
    def all(self) -> str:
        """The block that is about all items."""
        return f"airut.ask.{self.task}.{self.question_id}.all"

    def item(self, number: int) -> str:
        """The block in which an item's options are."""
        return f"airut.ask.{self.task}.{self.question_id}.{number}"

    def text(self, number: int) -> str:
        """The block that an item's text begins in."""
        return f"{self.item(number)}.text"

    def own(self, number: int) -> str:
        """The field for an answer to an item in one's own words."""
        return f"{self.item(number)}.own"


def read_place(block_id: str) -> QuestionPlace | None:
    """The question of one of these blocks; None for any other block."""
    found = _BLOCK.fullmatch(block_id)
    return QuestionPlace(task=int(found[1]), question_id=found[2]) if found and int(found[1]) else None

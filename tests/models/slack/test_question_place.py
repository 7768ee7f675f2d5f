"""Ids of a question's blocks, and back."""

import pytest

from airut.models.slack.question_place import QuestionPlace, read_place

PLACE = QuestionPlace(task=3, question_id="toolu_01-Ab")


@pytest.mark.parametrize("block_id", [PLACE.all, PLACE.item(0), PLACE.text(3), PLACE.own(1)])
def test_there_and_back(block_id: str) -> None:
    assert read_place(block_id) == PLACE


def test_slack_takes_the_longest() -> None:
    assert len(QuestionPlace(task=999_999_999, question_id="x" * 100).text(3)) <= 255


@pytest.mark.parametrize(
    "block_id",
    ["", "airut.ask", "airut.ask.3.toolu", "airut.ask.3.toolu.4", "airut.ask.0.toolu.all", "airut.ask.3.to.lu.all",
     "airut.ask.3.toolu.all\n", "airut.ask.x.toolu.all", "x" + PLACE.all],
)  # fmt: skip
def test_other_blocks(block_id: str) -> None:
    assert read_place(block_id) is None

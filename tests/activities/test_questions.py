"""What is shown of a question that is over."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.questions import Questions
from airut.adapters.blobs_local import LocalBlobStore
from airut.models.blob import Text
from airut.models.credentials.redaction import Redactor
from airut.models.questions.asked import Asked, QuestionEnd
from airut.models.questions.question import Answer
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import QuestionOver, ReplyInput
from airut.models.tasks.task import TaskInput
from airut.models.threads.message import ChannelKind
from tests.support.agent_results import QUESTION
from tests.support.messages import NOON, mail

SECRET = "sk-ant-api03-0123456789"


class Board:
    """The channel."""

    def __init__(self, kind: ChannelKind = ChannelKind.SLACK) -> None:
        self.kind = kind
        self.settled: list[tuple[Asked, QuestionEnd]] = []

    def asking(self, repo: str, kind: ChannelKind) -> "Board | None":
        return self if (repo, kind) == ("web", self.kind) else None

    async def settle(self, asked: Asked, end: QuestionEnd) -> None:
        self.settled.append((asked, end))


def over(**how: object) -> QuestionOver:
    task = TaskInput(
        thread="web/slack/t", repo="web", channel=ChannelKind.SLACK, number=3, messages=(mail("first"),), session_id="s"
    )
    plan = QUESTION.model_copy(update={"plan": "Do it."})
    posted = ReplyInput(
        task=task, at=NOON, kind=ReplyKind.QUESTION, seq=2, text=Text(inline=f"I have {SECRET}."), question=plan
    )
    return QuestionOver.model_validate({"posted": posted, "at": NOON, "author": "ann", **how})


ANSWER = Answer(question_id="toolu_1", replies=(f"use {SECRET}",), author="ann", at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("how", "replies", "outcome"),
    [
        ({"answer": ANSWER}, ("use ***",), None),
        ({"message": mail("2")}, ("spaces",), None),
        ({"message": mail("neither")}, ("neither",), None),
        ({"outcome": TaskOutcome.STOPPED}, (), TaskOutcome.STOPPED),
    ],
)
async def test_what_became_of_it(
    how: dict[str, object], replies: tuple[str, ...], outcome: TaskOutcome | None, tmp_path: Path
) -> None:
    board = Board()
    questions = Questions(board, LocalBlobStore(tmp_path), redactor())
    await ActivityEnvironment().run(questions.settle_question, over(**how))
    ((asked, end),) = board.settled
    assert end == QuestionEnd(at=NOON, author="ann", replies=replies, outcome=outcome)
    assert (asked.key, asked.task, asked.lead) == ("web/slack/t/task-3/ask/2", 3, "I have ***.\n\nDo it.")
    assert asked.question.items == QUESTION.items


async def test_a_channel_that_is_gone_or_keeps_what_was_sent(tmp_path: Path) -> None:
    board = Board(ChannelKind.EMAIL)
    await ActivityEnvironment().run(Questions(board, LocalBlobStore(tmp_path)).settle_question, over(answer=ANSWER))
    assert board.settled == []


def redactor() -> Redactor:
    made = Redactor()
    made.add(SECRET)
    return made

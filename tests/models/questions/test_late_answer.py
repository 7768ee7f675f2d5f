"""A ready-made answer as the message that it would have been."""

from datetime import timedelta

from airut.models.blob import Text
from airut.models.questions.late_answer import TOO_LATE, as_message
from airut.models.questions.question import Answer, Option, Question, QuestionItem
from airut.models.threads.command import AnswerOrder
from airut.models.threads.message import Hints
from tests.support.messages import NOON, mail

QUESTION = Question(
    id="toolu_1",
    items=(
        QuestionItem(text="Tabs or spaces?", options=(Option(label="tabs"), Option(label="spaces"))),
        QuestionItem(text="Which width?"),
        QuestionItem(text="Anything else?"),
    ),
    tool="AskUserQuestion",
)


def test_it_quotes_what_was_answered_and_goes_where_the_conversation_goes() -> None:
    like = mail("first").model_copy(update={"hints": Hints(model="opus"), "notes": ("a note",), "notify": "a schedule"})
    order = AnswerOrder(question_id="toolu_1", choices=("tabs", "8"), author="bob", key="k", at=NOON)
    answer = Answer(question_id="toolu_1", replies=("tabs", "8", ""), author="bob", at=NOON)
    now = NOON + timedelta(minutes=1)
    assert as_message(order, QUESTION, answer, like, now) == like.model_copy(
        update={
            "key": "k",
            "author": "bob",
            "received_at": now,
            "text": Text(inline="> Tabs or spaces?\n\ntabs\n\n> Which width?\n\n8"),
            "hints": Hints(),
            "notes": (TOO_LATE,),
            "notify": None,
        }
    )

"""An answer that was given ready-made, and comes when its question is over: then it is a message like any other."""

from datetime import datetime

from airut.models.blob import Text
from airut.models.questions.question import Answer, Question
from airut.models.threads.command import AnswerOrder, without_text
from airut.models.threads.message import Hints, InboundMessage

TOO_LATE = "An answer came when its question was over; it was taken as a message."


def as_message(
    order: AnswerOrder, question: Question, answer: Answer, like: InboundMessage, now: datetime
) -> InboundMessage:
    """What the person would have written into the conversation. `like` is a message of it, which says where what is
    answered goes to."""
    told = zip(question.items, answer.replies, strict=False)
    lines = [f"> {item.text.strip()}\n\n{reply}" for item, reply in told if reply.strip()]
    return without_text(like).model_copy(
        update={
            "key": order.key,
            "author": order.author,
            "sent_at": order.at,
            "received_at": now,
            "text": Text(inline="\n\n".join(lines)),
            "hints": Hints(),
            "notes": (TOO_LATE,),
            "notify": None,
        }
    )

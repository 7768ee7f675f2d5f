"""Questions that are over, where people see them (spec: slack §9)."""

from temporalio import activity

from activities.failures import reported
from airut.models.credentials.redaction import Redactor
from airut.models.questions.answer_parsing import parse_answer
from airut.models.questions.asked import Asked, QuestionEnd, shown
from airut.models.questions.question import Question
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.steps import QuestionOver, ReplyInput
from airut.ports.asked import AskingChannels
from airut.ports.blobs import BlobStore
from airut.ports.texts import fetch


class Questions:
    """What `redactor` knows is shown nowhere."""

    def __init__(self, channels: AskingChannels, blobs: BlobStore, redactor: Redactor | None = None) -> None:
        self._channels = channels
        self._blobs = blobs
        self._redactor = redactor or Redactor()

    @activity.defn
    async def settle_question(self, order: QuestionOver) -> None:
        with reported(TaskOutcome.REPLY_FAILED):
            posted = order.posted
            there = self._channels.asking(posted.task.repo, posted.task.channel)
            if there is None or posted.question is None:
                return
            text = await fetch(self._blobs, posted.text) if posted.text else ""
            replies = tuple(map(self._redactor.text, await self._replies(posted.question, order)))
            end = QuestionEnd(at=order.at, author=order.author, replies=replies, outcome=order.outcome)
            await there.settle(asked(posted, posted.question, text, self._redactor), end)

    async def _replies(self, question: Question, order: QuestionOver) -> tuple[str, ...]:
        if order.answer is not None:
            return order.answer.replies
        if order.message is None:
            return ()
        text = await fetch(self._blobs, order.message.text)
        return parse_answer(question, text, order.author, order.at).replies


def asked(posted: ReplyInput, question: Question, text: str, redactor: Redactor) -> Asked:
    """The question as people see it; `text` is what the agent has said before."""
    task = posted.task
    return Asked(
        key=f"{task.id}/{posted.kind}/{posted.seq}",
        thread=task.thread,
        task=task.number,
        at=posted.at,
        lead=redactor.text("\n\n".join(part for part in (text.strip(), question.plan.strip()) if part)),
        question=shown(question, redactor),
        routes=tuple(message.route for message in task.messages),
        participants=task.participants,
    )

"""Answers on their way to a channel."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.reply import Replies
from airut.adapters.blobs_local import LocalBlobStore
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.blob import Text
from airut.models.credentials.redaction import Redactor
from airut.models.mail.notes import MailNotes
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import Delivery, Outbound, ReplyKind
from airut.models.tasks.steps import ReplyInput
from airut.models.tasks.task import TaskInput, Unsent
from airut.models.tasks.terms import TaskTerms
from airut.models.threads.message import ChannelKind, Hints
from airut.ports.channel import Channel
from tests.support.messages import NOON, mail

MESSAGE = mail("do it")
TASK = TaskInput(
    thread=MESSAGE.thread, repo="web", channel=MESSAGE.channel, number=1, messages=(MESSAGE,), session_id="s"
)


NOTES = MailNotes(queued_after=7.0)


class Outbox:
    """A channel that keeps what it was given, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[Outbound] = []
        self._error = error

    async def send(self, outbound: Outbound) -> Delivery:
        if self._error:
            raise self._error
        self.sent.append(outbound)
        return Delivery(message_id="<m>", notes=("a.zip was too large",))


class One:
    """One channel for every repository."""

    def __init__(self, channel: Channel | None) -> None:
        self._channel = channel

    def of(self, repo: str, kind: ChannelKind) -> Channel | None:
        return self._channel

    def gives_up_after(self, repo: str, kind: ChannelKind) -> timedelta:
        return timedelta(hours=2)

    def terms(self, repo: str, hints: Hints) -> TaskTerms | None:
        return TaskTerms(model=hints.model or "opus", time_s=7200, max_turns=200, budget_usd=10)

    def notes(self, repo: str, kind: ChannelKind) -> MailNotes | None:
        return NOTES if kind is ChannelKind.EMAIL else None


def order(kind: ReplyKind = ReplyKind.ANSWER, **more: object) -> ReplyInput:
    values = {"task": TASK, "at": NOON, "kind": kind, "outcome": TaskOutcome.NO_CHANGES, **more}
    return ReplyInput.model_validate(values)


async def test_what_was_sent_is_kept_and_what_was_left_out_is_recorded(tmp_path: Path) -> None:
    outbox, blobs = Outbox(), LocalBlobStore(tmp_path)
    record = await ActivityEnvironment().run(Replies(One(outbox), blobs).reply, order())
    (sent,) = outbox.sent
    assert (sent.key, sent.at) == (f"{TASK.id}/done/0", NOON)
    assert (await blobs.get(record.markdown)).decode().startswith(sent.markdown)
    assert record.notes == ("a.zip was too large",)


async def test_an_answer_begins_with_the_one_before_that_could_not_be_sent(tmp_path: Path) -> None:
    outbox, blobs = Outbox(), LocalBlobStore(tmp_path)
    before = Unsent(reason="It could not be sent: 550 no.", text=Text(blob=await blobs.put(b"Old.\n\nMore.\n")))
    task = TASK.model_copy(update={"unsent": before})
    for text in (Text(inline="New."), before.text):  # the second is a retry of that very answer
        await ActivityEnvironment().run(Replies(One(outbox), blobs).reply, order(task=task, text=text))
    told = "**It could not be sent: 550 no.** It said:\n\n> Old.\n>\n> More.\n\n---\n\nNew.\n"
    new, again = outbox.sent
    assert new.markdown.startswith(told)
    assert again.markdown.startswith("Old.\n\nMore.")


async def test_an_answer_holds_no_secret(tmp_path: Path) -> None:
    outbox, blobs = Outbox(), LocalBlobStore(tmp_path)
    redactor = Redactor({"s3cret-value": "***"})
    detail = order(ReplyKind.NOTE, detail="the host says s3cret-value")
    record = await ActivityEnvironment().run(Replies(One(outbox), blobs, redactor).reply, detail)
    (sent,) = outbox.sent
    assert (sent.markdown, await blobs.get(record.markdown)) == ("the host says ***", b"the host says ***")


@pytest.mark.parametrize(("number", "expected"), [(1, 1), (2, 0)])
async def test_the_first_message_is_acknowledged(tmp_path: Path, number: int, expected: int) -> None:
    outbox = Outbox()
    task = TASK.model_copy(update={"number": number})
    acknowledgement = order(ReplyKind.ACKNOWLEDGEMENT, task=task)
    replies = Replies(One(outbox), LocalBlobStore(tmp_path))
    assert await ActivityEnvironment().run(replies.acknowledge, acknowledgement) == NOTES
    assert len(outbox.sent) == expected
    for sent in outbox.sent:
        assert sent.markdown.endswith("\n\nopus · at most 2 h, 200 turns, $10.00\n")
        assert "`stop`, `pause` or `status`" in sent.markdown


async def test_a_note_is_sent_as_it_stands(tmp_path: Path) -> None:
    outbox = Outbox()
    note = order(ReplyKind.NOTE, detail="too many wait", outcome=None)
    await ActivityEnvironment().run(Replies(One(outbox), LocalBlobStore(tmp_path)).reply, note)
    assert (outbox.sent[0].markdown, outbox.sent[0].footer) == ("too many wait", ())


@pytest.mark.parametrize(
    ("error", "hours", "text", "final"),
    [
        (DeliveryDeferred("busy"), 1.9, "busy", False),
        (DeliveryDeferred("busy"), 2.1, "it could not be delivered in 2 hours: busy", True),
        (DeliveryRefused("no"), 0, "no", True),
    ],
)
async def test_only_what_can_succeed_is_tried_again(
    tmp_path: Path, error: Exception, hours: float, text: str, final: bool
) -> None:
    replies = Replies(One(Outbox(error)), LocalBlobStore(tmp_path))
    with pytest.raises(ApplicationError) as raised:
        await ActivityEnvironment().run(replies.reply, order(at=datetime.now(UTC) - timedelta(hours=hours)))
    assert (raised.value.message, raised.value.type, raised.value.non_retryable) == (text, "reply_failed", final)


@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_second_try_says_that_it_is_one(tmp_path: Path, attempt: int) -> None:
    outbox, environment = Outbox(), ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    await environment.run(Replies(One(outbox), LocalBlobStore(tmp_path)).reply, order())
    assert outbox.sent[0].again is (attempt > 1)


async def test_a_channel_that_was_taken_out_of_the_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ApplicationError, match="web has no email channel any more"):
        await ActivityEnvironment().run(Replies(One(None), LocalBlobStore(tmp_path)).reply, order())


async def test_what_a_schedule_says_is_not_acknowledged(tmp_path: Path) -> None:
    outbox = Outbox()
    opened = MESSAGE.model_copy(update={"route": MESSAGE.route.model_copy(update={"opens": True})})
    task = TASK.model_copy(update={"messages": (opened,)})
    acknowledgement = order(ReplyKind.ACKNOWLEDGEMENT, task=task)
    await ActivityEnvironment().run(Replies(One(outbox), LocalBlobStore(tmp_path)).acknowledge, acknowledgement)
    assert outbox.sent == []


@pytest.mark.parametrize(
    ("kind", "footer"),
    [
        (ReplyKind.ANSWER, ("https://airut.example.org/threads/web/mail/abcdefgh23456789/tasks/1",)),
        (ReplyKind.NOTE, ()),
    ],
)
async def test_an_answer_says_where_the_task_is_shown(tmp_path: Path, kind: ReplyKind, footer: tuple[str, ...]) -> None:
    outbox, blobs = Outbox(), LocalBlobStore(tmp_path)
    task = TASK.model_copy(update={"thread": "web/mail/abcdefgh23456789"})
    replies = Replies(One(outbox), blobs, dashboard="https://airut.example.org")
    await ActivityEnvironment().run(replies.reply, order(kind, task=task, detail="word"))
    await ActivityEnvironment().run(Replies(One(outbox), blobs).reply, order(kind, task=task, detail="word"))
    assert [sent.footer for sent in outbox.sent] == [footer, ()]


async def test_an_acknowledgement_says_it_too(tmp_path: Path) -> None:
    outbox = Outbox()
    replies = Replies(One(outbox), LocalBlobStore(tmp_path), dashboard="https://airut.example.org")
    await ActivityEnvironment().run(replies.acknowledge, order(ReplyKind.ACKNOWLEDGEMENT))
    assert [sent.footer for sent in outbox.sent] == [(f"https://airut.example.org/threads/{TASK.thread}/tasks/1",)]

"""A thread's end and its next beginning."""

from datetime import timedelta

import pytest

from airut.models.blob import BlobRef
from airut.models.mail.message_id import build_message_id
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.task import Stored
from airut.models.threads.archive import Archived
from airut.models.threads.archiving import answers_us, archived, reopen
from airut.models.threads.message import ChannelKind, MailRoute
from airut.models.threads.state import ThreadState
from airut.models.threads.thread import ThreadInput
from tests.support.messages import NOON, mail

TOKEN = "abcdefghij234567"
THREAD = ThreadInput(thread="web/mail/abcdefgh23456789", repo="web", channel=ChannelKind.EMAIL)


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ((), False),
        (("<root@example.com>",), False),
        (("<root@example.com>", build_message_id(TOKEN, 1, ReplyKind.ANSWER, 0, "example.com")), True),
        ((build_message_id(TOKEN, 0, ReplyKind.NOTE, 1, "example.com"),), False),
        ((build_message_id(TOKEN[::-1].replace("7", "a"), 1, ReplyKind.ANSWER, 0, "example.com"),), False),
    ],
)
def test_a_reply_to_a_task_of_the_thread_tells_that_there_was_one(references: tuple[str, ...], expected: bool) -> None:
    message = mail("again")
    assert isinstance(message.route, MailRoute)
    route = message.route.model_copy(update={"token": TOKEN, "references": references})
    assert answers_us(message.model_copy(update={"route": route})) is expected


def test_the_numbers_of_notes_go_with_the_clock_and_never_back() -> None:
    state = ThreadState()
    first, at_once = state.notices.number(NOON), state.notices.number(NOON)
    next_life = ThreadState()
    reopen(next_life, archived(state, THREAD, Archived(), NOON))
    after = ThreadState().notices.number(NOON + timedelta(minutes=1))  # of a life whose archive is lost
    assert (at_once, after) == (first + 1, first + 60)
    assert next_life.notices.number(NOON) > first + 100
    assert len(str(first)) < 10  # a Message-ID takes nine digits


def test_what_an_archive_did_not_keep_is_known_until_a_reply_has_said_it() -> None:
    state = ThreadState()
    reopen(state, archived(ThreadState(), THREAD, Archived(losses=("/storage",)), NOON))
    unheard = ThreadState()
    reopen(unheard, archived(state, THREAD, Archived(), NOON))
    unheard.accept(mail("a"), NOON)
    assert unheard.next_task(THREAD, "s").notes == ("This conversation had ended. Not kept: /storage",)


def test_what_was_not_published_is_kept() -> None:
    state, next_life = ThreadState(), ThreadState()
    state.stored = Stored(transcript=blob("1"), bundle=blob("2"), changes=blob("3"), storage=blob("4"))
    kept = archived(state, THREAD, Archived(), NOON)
    reopen(next_life, kept)
    assert next_life.stored == state.stored
    assert {ref.sha256[0] for ref in kept.blobs} == {"1", "2", "3", "4"}


def blob(digit: str) -> BlobRef:
    return BlobRef(sha256=digit * 64, size=1)

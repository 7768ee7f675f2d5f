"""A thread's state: what it accepts and how it cuts tasks."""

from datetime import timedelta

from airut.models.blob import Text
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.retry import RetryOrder
from airut.models.tasks.task import ReplyRecord, TaskResult, Unsent
from airut.models.threads import inbox as limits
from airut.models.threads.message import ChannelKind
from airut.models.threads.notices import Acceptance
from airut.models.threads.state import ThreadState
from airut.models.threads.thread import ThreadInput
from tests.support.agent_results import BLOB, done
from tests.support.messages import NOON, mail

THREAD = ThreadInput(thread="web/mail/abcdefgh23456789", repo="web", channel=ChannelKind.EMAIL)


def test_a_known_key_is_not_accepted_again() -> None:
    state = ThreadState()
    assert state.accept(mail("a"), NOON) is Acceptance.QUEUED
    assert state.accept(mail("a"), NOON) is Acceptance.KNOWN
    assert [message.text.inline for message in state.inbox.queue] == ["a"]


def test_participants_are_those_that_the_messages_name() -> None:
    state = ThreadState()
    state.accept(mail("a"), NOON)
    copied = mail("b").model_copy(update={"participants": ("ann@example.com", "bob@example.com")})
    state.accept(copied, NOON)
    assert state.inbox.participants == ("ann@example.com", "bob@example.com")
    assert state.accept(mail("c", author="bob@example.com"), NOON) is Acceptance.QUEUED
    assert state.accept(mail("d", author="carl@example.com"), NOON) is Acceptance.NOT_PARTICIPANT


def test_keys_are_forgotten_by_age_and_number() -> None:
    state = ThreadState()
    for number in range(limits.SEEN_MOST + 5):
        state.accept(mail(str(number)), NOON)
        state.inbox.queue.clear()
        state.inbox.queued_bytes = 0
    assert len(state.inbox.seen) == limits.SEEN_MOST
    state.accept(mail("later"), NOON + timedelta(days=31))
    assert len(state.inbox.seen) == 1


def test_what_a_full_queue_refused_is_not_run_when_it_is_delivered_again() -> None:
    state = ThreadState()
    for number in range(limits.QUEUE_MOST):
        state.accept(mail(str(number)), NOON)
    assert state.accept(mail("one more"), NOON) is Acceptance.QUEUE_FULL
    state.inbox.queue.clear()
    assert state.accept(mail("one more"), NOON) is Acceptance.KNOWN
    assert state.accept(mail("one more, written again"), NOON) is Acceptance.QUEUED


def test_a_task_takes_twenty_messages_and_the_rest_waits() -> None:
    state = ThreadState()
    for number in range(25):
        state.accept(mail(str(number)), NOON)
    assert [len(state.next_task(THREAD, "s").messages), len(state.inbox.queue)] == [20, 5]
    assert [len(state.next_task(THREAD, "s").messages), len(state.inbox.queue)] == [5, 0]


def test_a_task_takes_at_most_so_many_characters_but_always_one_message() -> None:
    state = ThreadState()
    for letter in "abc":
        state.accept(mail(letter * 150_000), NOON)
    assert [len(state.next_task(THREAD, "s").messages) for _ in range(3)] == [1, 1, 1]


def test_a_session_stays_the_same_for_the_threads_life() -> None:
    state = ThreadState()
    state.accept(mail("a"), NOON)
    state.accept(mail("b" * 199_999), NOON)
    assert [state.next_task(THREAD, session).session_id for session in ("first", "second")] == ["first", "first"]


def test_the_queue_is_measured_in_bytes() -> None:
    state = ThreadState()
    accepted = [state.accept(mail(f"{number}" + "漢" * 2_700), NOON) for number in range(150)]
    carried = len(state.model_dump_json().encode())
    assert Acceptance.QUEUE_FULL in accepted
    assert carried < 1.6 * 1024**2  # Temporal takes two MiB
    while state.inbox.queue:
        state.next_task(THREAD, "s")
    assert state.inbox.queued_bytes == 0


def test_a_refusal_keeps_no_text_and_a_stranger_who_was_copied_in_is_told_of_a_full_queue() -> None:
    state = ThreadState()
    state.accept(mail("a"), NOON)
    state.accept(mail("x" * 5_000, author="carl@example.com"), NOON)
    assert state.notices.waiting[0].message.text.inline == ""
    state.notices.waiting.clear()
    state.accept(mail("b").model_copy(update={"participants": ("ann@example.com", "carl@example.com")}), NOON)
    for number in range(limits.QUEUE_MOST):
        state.accept(mail(f"filler {number}"), NOON)
    state.notices.waiting.clear()
    assert state.accept(mail("c", author="carl@example.com"), NOON) is Acceptance.QUEUE_FULL
    assert [refusal.message.author for refusal in state.notices.waiting] == ["carl@example.com"]


def test_a_close_forgets_a_retry_and_keeps_a_list_of_all_that_it_drops() -> None:
    state = ThreadState(retry=RetryOrder(key="k", author="op"))
    for texts in (("a", "b"), ("c",)):
        for text in texts:
            state.accept(mail(text), NOON)
        state.close()
    state.put_back((mail("joined"),))
    assert (state.retry, state.inbox.queue, state.inbox.queued_bytes) == (None, [], 0)
    assert [line.rpartition(" ")[2] for line in state.dropped] == ["a", "b", "c", "joined"]
    assert state.why_not_retry(RetryOrder(key="l", author="op"), running=False) == (
        "thread_closing",
        "The conversation is being closed; send a message to begin it again.",
    )


def test_an_answer_that_could_not_be_sent_is_carried_to_the_next_one_until_that_has_arrived() -> None:
    state = ThreadState()
    state.accept(mail("first"), NOON)
    lost = TaskResult(outcome=TaskOutcome.REPLY_FAILED, detail="550 no such user", agent=done("Done."))
    state.record(state.next_task(THREAD, "s"), lost, NOON)
    reason = "The answer to your message before this one could not be sent: 550 no such user"
    second = state.next_task(THREAD, "s")
    assert (second.unsent, second.notes) == (Unsent(reason=reason, text=Text(inline="Done.")), ())
    reply = ReplyRecord(kind=ReplyKind.ANSWER, message_id="<m>", markdown=BLOB, delivered_at=NOON)
    state.record(second, TaskResult(outcome=TaskOutcome.SUCCESS, reply=reply), NOON)
    assert state.next_task(THREAD, "s").unsent is None
    state.record(second, lost.model_copy(update={"agent": None}), NOON)
    third = state.next_task(THREAD, "s")
    assert (third.unsent, third.notes) == (None, (reason,))

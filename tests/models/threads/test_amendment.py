"""Changes that come before their messages, and what a thread remembers of others."""

from datetime import timedelta

from airut.models.threads.amendment import HELD, HELD_MOST, Amendment, Amendments, changed
from airut.models.threads.command import CommandName, ThreadCommand
from airut.models.threads.state import ThreadState
from tests.support.messages import NOON, mail


def amendment(target: str, at: float) -> Amendment:
    return Amendment(key=f"{target}/{at}", target=target, thread="t", at=at, becomes=None)


def test_the_newest_change_of_a_message_waits_for_it() -> None:
    known = Amendments()
    for target, at in (("a", 2.0), ("a", 3.0), ("a", 1.0), ("b", 1.0)):
        known.hold(amendment(target, at), NOON)
    assert known.take_held("a", NOON) == amendment("a", 3.0)
    assert known.take_held("a", NOON) is None
    assert known.take_held("b", NOON + HELD) is None


def test_not_for_ever_and_not_without_end() -> None:
    known = Amendments()
    for number in range(HELD_MOST + 5):
        known.hold(amendment(str(number), 1.0), NOON)
        known.withdraw(str(number))
    assert [each.amendment.target for each in known.held][:1] == ["5"]
    assert (len(known.held), len(known.withdrawn)) == (HELD_MOST, HELD_MOST)
    known.hold(amendment("x", 1.0), NOON + HELD + timedelta(seconds=1))
    assert [each.amendment.target for each in known.held] == ["x"]


def test_a_changed_message_knows_when_it_was_changed() -> None:
    message = mail("now")
    assert changed(amendment("a", 2.0)) is None
    assert changed(amendment("a", 2.0).model_copy(update={"becomes": message})) == message.model_copy(
        update={"edited": 2.0}
    )
    command = ThreadCommand(name=CommandName.STOP, message=message)
    assert changed(amendment("a", 2.0).model_copy(update={"becomes": command})) == command


def test_a_thread_that_has_not_run_is_about_its_first_message_as_that_stands() -> None:
    state = ThreadState()
    first = mail("first").model_copy(update={"subject": "one"})
    state.accept(first, NOON)
    state.accept(mail("second").model_copy(update={"subject": "two"}), NOON)
    state.hold(NOON, "ann")
    bytes_before = state.inbox.queued_bytes
    state.inbox.replace(first.key, first.model_copy(update={"subject": "one, again"}))
    state.begin_anew()
    assert (state.subject, state.inbox.queued_bytes) == ("one, again", bytes_before + len(", again"))
    state.inbox.withdraw(first.key)
    state.begin_anew()
    assert (state.subject, state.goal, state.paused is None) == ("two", mail("second").text, False)
    state.inbox.withdraw(mail("second").key)
    state.begin_anew()
    assert (state.subject, state.goal, state.quiet_since, state.paused) == ("", None, None, None)
    assert state.inbox.queued_bytes == 0
    assert state.inbox.knows(first.key)


def test_what_is_held_is_carried_from_run_to_run() -> None:
    state = ThreadState(heard=12.000001, overheard=13.5, attends=True)
    message = mail("now").model_copy(update={"edited": 2.0, "follows": True})
    command = ThreadCommand(name=CommandName.STOP, message=mail("stop"))
    for becomes in (message, command, None):
        state.amendments.hold(amendment("a", 2.0).model_copy(update={"becomes": becomes}), NOON)
    state.amendments.withdraw("b")
    assert ThreadState.model_validate_json(state.model_dump_json()) == state

from airut.models.blob import Text
from airut.models.threads.message import ChannelKind, Hints
from signals.console import console_message
from tests.support.messages import NOON


def test_two_sends_are_two_messages_of_two_threads() -> None:
    first, second = (console_message("web", Text(inline="do it"), "do it", NOON, None) for _ in range(2))
    assert first.key != second.key
    assert first.thread != second.thread
    assert first.thread.startswith("web/console/")


def test_whoever_may_run_it_may_continue_any_thread() -> None:
    message = console_message("web", Text(inline="go on"), "go on", NOON, "web/mail/abcdefgh23456789")
    assert (message.channel, message.thread) == (ChannelKind.CONSOLE, "web/mail/abcdefgh23456789")
    assert message.open_to_authorized


def test_hints_go_along() -> None:
    message = console_message("web", Text(inline="do it"), "do it", NOON, None, hints=Hints(budget=20))
    assert message.hints == Hints(budget=20)

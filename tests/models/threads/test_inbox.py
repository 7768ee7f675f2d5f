"""What a thread was sent."""

from airut.models.threads.inbox import Inbox
from tests.support.messages import NOON, mail


def test_what_comes_back_waits_in_the_order_in_which_it_was_accepted() -> None:
    inbox, messages = Inbox(), [mail(text) for text in "abcd"]
    for message in messages:
        inbox.remember(message.key, NOON)
        inbox.add(message)
    size = inbox.queued_bytes
    first = inbox.take_for_task()[0]
    inbox.put_back(tuple(messages[1:3]))
    inbox.put_back((messages[3], first))
    assert inbox.queue == messages
    assert inbox.queued_bytes == size
    inbox.put_back((mail("too old to be known"),))
    assert [message.text.inline for message in inbox.queue] == ["too old to be known", "a", "b", "c", "d"]

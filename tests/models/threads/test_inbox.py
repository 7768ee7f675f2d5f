"""What a thread was sent."""

from datetime import timedelta

from airut.models.threads.inbox import Inbox
from tests.support.messages import NOON, mail, post


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


def test_posts_wait_in_the_order_in_which_they_were_written() -> None:
    """Slack promises no order of its events. A mail's time is its sender's word, and moves nothing."""
    inbox, thread = Inbox(), "web/slack/T1-C1-1.000001"
    first, second, third = (
        post(text, thread).model_copy(update={"sent_at": NOON + timedelta(seconds=number)})
        for number, text in enumerate("abc")
    )
    opening = third.model_copy(update={"key": "o", "route": third.route.model_copy(update={"opens": True})})
    late = mail("late").model_copy(update={"sent_at": NOON - timedelta(hours=1)})
    for message in (opening, third, first, second):
        inbox.remember(message.key, NOON)
        inbox.add(message)
    assert inbox.queue == [opening, first, second, third]
    size = inbox.queued_bytes
    taken = inbox.take_back(second.key)
    assert (taken, inbox.queue) == (second, [opening, first, third])
    inbox.put_back((second,))
    assert (inbox.queue, inbox.queued_bytes) == ([opening, first, second, third], size)
    inbox.add(late)
    assert inbox.queue[-1] == late

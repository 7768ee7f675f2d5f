"""Messages and results as tests need them."""

import hashlib
from datetime import UTC, datetime

from airut.models.blob import Text
from airut.models.threads.message import ChannelKind, InboundMessage, MailRoute, SlackRoute

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


def mail(text: str, thread: str = "web/mail/abcdefgh23456789", author: str = "ann@example.com") -> InboundMessage:
    """A mail whose key follows from its text, so that sending it twice is a redelivery."""
    token = thread.rpartition("/")[2]
    return InboundMessage(
        key=hashlib.sha256(f"{author}{text}".encode()).hexdigest(),
        thread=thread,
        repo=thread.split("/")[0],
        channel=ChannelKind.EMAIL,
        author=author,
        participants=(author,),
        sent_at=NOON,
        received_at=NOON,
        subject="Add a file",
        text=Text(inline=text),
        route=MailRoute(token=token, message_id=f"<{hash(text)}@example.com>", sender=author, subject="Add a file"),
    )


def post(text: str, thread: str) -> InboundMessage:
    """The same in Slack."""
    ts = f"{int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)}.000001"
    route = SlackRoute(team="T1", channel="C1", thread_ts="1.000001", ts=ts, user="U1")
    return mail(text, thread).model_copy(update={"channel": ChannelKind.SLACK, "route": route, "participants": ()})

"""A mail of ours that another server could not deliver, as it says itself (RFC 3464)."""

from datetime import datetime

from airut.models.base import Model
from airut.models.tasks.reply import ReplyKind


class Bounce(Model):
    """Nobody vouches for it: whoever knows the Message-ID can write one. It is shown, and nothing follows from it."""

    thread: str
    task: int
    kind: ReplyKind
    message_id: str
    recipient: str = ""
    diagnostic: str
    """The server's words in one line, or its status code."""
    at: datetime

    @property
    def words(self) -> str:
        whom = f" at {self.recipient}" if self.recipient else ""
        return f"reply bounced{whom}: {self.diagnostic}"


KEPT = 20
"""Bounces that a thread remembers; more say nothing new."""


def with_bounce(known: tuple[Bounce, ...], new: Bounce) -> tuple[Bounce, ...]:
    """Servers report the same failure more than once: it counts by mail and recipient."""
    others = [one for one in known if (one.message_id, one.recipient) != (new.message_id, new.recipient)]
    return (*others, new)[-KEPT:]

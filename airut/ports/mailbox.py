"""A mailbox as intake sees it: mails by UID, one folder, and three places where a mail can go."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from airut.errors import ChannelError
from airut.models.base import Model


class MailboxError(ChannelError):
    """The connection is of no use any more; `reason` is one line for status and log, and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailboxUnavailable(MailboxError):
    """Not reachable, connection lost, time-out, certificate refused: worth a retry."""


class MailboxRefused(MailboxError):
    """User name, password or right refused: retried too, but slowly, since servers lock accounts."""


class MailUnreadable(ChannelError):
    """What the server says about one mail cannot be understood. The connection stays of use."""


class MailNotSettled(ChannelError):
    """The server refused to move, flag or delete a mail. The connection stays of use; tried again later."""


class Disposition(StrEnum):
    """What becomes of a mail on the server."""

    PROCESSED = "processed"
    REJECTED = "rejected"
    FAILED = "failed"


class FetchedMail(Model):
    """A mail, or of one above the size asked for (`whole` false) only its header block."""

    uid: int
    size: int
    """RFC822.SIZE, of the whole mail."""
    internal_date: datetime
    flags: frozenset[str] = frozenset()
    content: bytes
    whole: bool = True


class Mailbox(Protocol):
    """One selected folder on one connection. Any method may raise MailboxUnavailable or MailboxRefused, after which
    the connection is of no use. Safe to call twice."""

    @property
    def uid_validity(self) -> int:
        """RFC 9051 §2.3.1.1: UIDs mean nothing without it."""
        ...

    async def adopt(self, older_than: datetime) -> int:
        """On the first run in this mailbox ever, mark mails older than that as processed, unread; return how many.
        Makes the folders that are missing. Interrupted, it goes on the next time."""
        ...

    async def processed_since(self, moment: datetime, most: int) -> tuple[FetchedMail, ...]:
        """Headers of the newest `most` mails that arrived after `moment` and were processed, oldest first; none where
        they are deleted."""
        ...

    async def search(self) -> tuple[int, ...]:
        """UIDs of mails that are not processed, ascending."""
        ...

    async def fetch(self, uid: int, max_size: int) -> FetchedMail | None:
        """Fetch a mail without marking it seen; None when it is no longer there.

        Raises:
            MailUnreadable: the server's answer is malformed.
        """
        ...

    async def settle(self, uid: int, disposition: Disposition) -> None:
        """Take the mail out of sight of `search`: move, flag or delete it, as configured. Gone already is fine.

        Raises:
            MailNotSettled: refused, for lack of space or rights.
        """
        ...

    async def wait(self, seconds: float) -> None:
        """Return when something has happened in the folder, at the latest after that time."""
        ...


OpenMailbox = Callable[[], AbstractAsyncContextManager[Mailbox]]
"""Connects, logs in and selects on entering; logs out on leaving."""

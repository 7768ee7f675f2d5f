"""The folder of what was sent, by which a try finds what an earlier one may have handed over."""

from datetime import datetime
from typing import Protocol


class SentFolder(Protocol):
    """Of one account. Both methods may raise MailboxUnavailable (another time, perhaps) or MailboxRefused (an operator
    has to act), and are safe to call twice."""

    async def has(self, message_id: str) -> bool:
        """Whether a mail with this Message-ID (angle brackets included) lies there."""
        ...

    async def keep(self, message_id: str, content: bytes, at: datetime) -> None:
        """Put a copy there, as read, unless there is one."""
        ...

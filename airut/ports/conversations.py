"""What was said in a conversation besides what we were told."""

from typing import Protocol

from airut.models.threads.earlier import Earlier, EarlierInput


class Conversations(Protocol):
    async def earlier(self, order: EarlierInput) -> Earlier:
        """What stands before a message; nothing where the conversation is not there any more.

        Raises:
            HistoryUnavailable: not now; try again.
            HistoryRefused: never; says why.
        """
        ...

"""Questions where people have them before them."""

from typing import Protocol

from airut.models.questions.asked import Asked, QuestionEnd
from airut.models.threads.message import ChannelKind


class AskedQuestions(Protocol):
    async def settle(self, asked: Asked, end: QuestionEnd) -> None:
        """Show that a question is over, and take away what it was answered by. Safe to call twice; a question that is
        not there needs none of it.

        Raises:
            DeliveryDeferred: not now; try again later.
            DeliveryRefused: the channel will never do that; says why.
        """
        ...


class AskingChannels(Protocol):
    def asking(self, repo: str, kind: ChannelKind) -> AskedQuestions | None:
        """None where what was sent stays as it is."""
        ...

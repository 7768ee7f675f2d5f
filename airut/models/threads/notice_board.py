"""What a thread still has to tell people besides its answers, and who has been told what. Pure."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from airut.models.base import Model
from airut.models.threads.archive import number_at
from airut.models.threads.command import without_text
from airut.models.threads.message import InboundMessage
from airut.models.threads.notices import Acceptance, refusal

NOTICES_MOST = 100


class Notice(Model):
    """Something to tell the author of a message, which is here without its text. Where there is no channel to tell it
    through, only the thread's status shows it."""

    message: InboundMessage
    text: str
    reason: Acceptance | None = None
    """Set when the message was not taken."""
    private: bool = False
    """For its author alone, where the channel can do that."""


class NoticeBoard(BaseModel):
    """`waiting` holds what is still to be told, oldest first."""

    model_config = ConfigDict(extra="forbid")

    waiting: list[Notice] = Field(default_factory=list)
    told: tuple[str, ...] = ()
    """Authors who know that they have no part in this thread."""
    last: int = 0
    """The number of the note that was sent last: each has a Message-ID of its own."""

    def refuse(self, message: InboundMessage, reason: Acceptance) -> Acceptance:
        """Remember whom to tell: of a full queue once until that is done, so that a storm makes one answer; of having
        no part in the thread once for ever."""
        told = any(notice.reason and notice.message.author == message.author for notice in self.waiting)
        if reason is Acceptance.NOT_PARTICIPANT:
            told = told or message.author in self.told
            self.told = tuple(dict.fromkeys((*self.told, message.author)))
        if not told:
            self.tell(message, refusal(reason), reason)
        return reason

    def tell(
        self, message: InboundMessage, text: str, reason: Acceptance | None = None, *, private: bool = False
    ) -> None:
        """At most so many notices wait: an enemy with many addresses must not make the thread grow without end."""
        if len(self.waiting) < NOTICES_MOST:
            self.waiting.append(Notice(message=without_text(message), text=text, reason=reason, private=private))

    def number(self, now: datetime) -> int:
        """The number of the next note. It goes with the clock, so that none comes twice where an archive is lost."""
        self.last = max(self.last + 1, number_at(now))
        return self.last

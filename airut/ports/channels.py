"""Which channels a repository answers through."""

from datetime import timedelta
from typing import Protocol

from airut.models.mail.notes import MailNotes
from airut.models.tasks.terms import TaskTerms
from airut.models.threads.message import ChannelKind, Hints
from airut.ports.channel import Channel


class Channels(Protocol):
    def of(self, repo: str, kind: ChannelKind) -> Channel | None:
        """The channel, or None when the repository has none of that kind."""
        ...

    def terms(self, repo: str, hints: Hints) -> TaskTerms | None:
        """By which rules a task with these hints runs; None where the repository is not configured any more."""
        ...

    def notes(self, repo: str, kind: ChannelKind) -> MailNotes | None:
        """What is told besides answers; None where nothing is."""
        ...

    def gives_up_after(self, repo: str, kind: ChannelKind) -> timedelta:
        """How long after it was decided an answer that cannot be delivered is tried."""
        ...

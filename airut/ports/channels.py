"""Which channels a repository answers through."""

from datetime import timedelta
from typing import Protocol

from airut.models.message import ChannelKind
from airut.ports.channel import Channel


class Channels(Protocol):
    def of(self, repo: str, kind: ChannelKind) -> Channel | None:
        """The channel, or None when the repository has none of that kind."""
        ...

    def acknowledges(self, repo: str, kind: ChannelKind, first: bool) -> bool:
        """Whether a message is acknowledged; `first` tells a thread's first task."""
        ...

    def gives_up_after(self, repo: str, kind: ChannelKind) -> timedelta:
        """How long after it was decided an answer that cannot be delivered is tried."""
        ...

"""Which channels a repository answers through."""

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

"""Files of messages, from the service that their channel belongs to."""

from typing import Protocol

from airut.models.message import ChannelKind, RemoteFile


class RemoteFiles(Protocol):
    async def fetch(self, repo: str, channel: ChannelKind, file: RemoteFile) -> bytes:
        """The file's content, within the channel's limit.

        Raises:
            FileDeferred: not now; try again.
            FileRefused: never; says why.
        """
        ...

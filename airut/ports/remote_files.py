"""Files of messages, from the service that their channel belongs to."""

from typing import Protocol

from airut.models.base import Model
from airut.models.threads.message import ChannelKind, RemoteFile


class FetchedFile(Model):
    """A file's content. The service may only now say what it is called, and of which type it is."""

    name: str
    media_type: str
    content: bytes


class RemoteFiles(Protocol):
    async def fetch(self, repo: str, channel: ChannelKind, file: RemoteFile) -> FetchedFile:
        """The file, within the channel's limit.

        Raises:
            FileDeferred: not now; try again.
            FileRefused: never; says why.
        """
        ...

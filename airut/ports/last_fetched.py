"""What this machine holds of a repository since it was last fetched. Asking for it goes to no network."""

from datetime import datetime
from typing import Protocol

from airut.models.base import Model
from airut.models.hosts.workspace import DefaultBranch


class FetchedFile(Model):
    """One file as the default branch held it."""

    branch: DefaultBranch
    fetched_at: datetime
    """When the remote was last asked, whether or not it had anything new."""
    text: str | None
    """None where the commit has no such file. Bytes that are no UTF-8 are replaced, as for a task."""


class LastFetched(Protocol):
    async def file(self, repo: str, path: str) -> FetchedFile | None:
        """A file of the default branch; None where nothing of the repository was fetched on this machine.

        Raises:
            GitError: what is here cannot be read, or the file is a symbolic link that leads elsewhere.
        """
        ...

"""Where ended threads are kept."""

from datetime import datetime
from typing import Protocol

from airut.models.threads.archive import ArchivedThread


class Archives(Protocol):
    """One archive a thread; the newest wins. Safe to call twice."""

    async def put(self, archive: ArchivedThread) -> None:
        """Keep it durably (temporary file, fsync, rename) before returning.

        Raises:
            NoSpace: the disk is full; what was kept before is still there.
        """
        ...

    async def get(self, thread: str) -> ArchivedThread | None:
        """The thread's archive; None where there is none.

        Raises:
            ArchiveUnavailable: nobody knows whether there is one; call again.
            ArchiveUnreadable: there is one, of a version that is not known or with damaged content.
        """
        ...

    async def delete_older_than(self, ended_before: datetime) -> int:
        """Remove the archives of threads that ended before that; return how many. One that cannot be read or removed
        stays, and does not stop the others."""
        ...

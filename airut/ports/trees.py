"""Folders that an agent could write to: measured and removed as an enemy's, whatever lies in them."""

from pathlib import Path
from typing import Protocol


class Trees(Protocol):
    """No link is followed and no mount is crossed. What a sandbox closed to us is measured and removed all the same."""

    async def used(self, folders: tuple[Path, ...]) -> int:
        """Bytes on the disk below these folders, each file once; one that is absent counts nothing.

        Raises:
            TreeTooLarge: it took too long.
            TreeUnreadable: nothing could be measured.
        """
        ...

    async def largest(self, folder: Path, count: int) -> tuple[tuple[str, int], ...]:
        """The largest folders directly below, with their bytes, largest first. Raises: TreeUnreadable"""
        ...

    async def remove(self, folder: Path) -> None:
        """Remove the folder with all that is in it. One failure does not stop the rest. Absent is fine.

        Raises:
            TreeNotRemoved: something is still there; call again.
        """
        ...

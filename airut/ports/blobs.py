"""The blob store: content-addressed bytes that are too large for a history."""

from datetime import datetime
from typing import Protocol

from airut.models.blob import BlobRef, SweptBlobs


class BlobStore(Protocol):
    """Safe to call twice: the same bytes are the same blob."""

    async def put(self, content: bytes) -> BlobRef:
        """Store the bytes durably (temporary file, fsync, rename) before returning.

        Raises:
            NoSpace: the disk is full; nothing was stored.
        """
        ...

    async def get(self, ref: BlobRef) -> bytes:
        """Return the bytes.

        Raises:
            BlobMissing: no such blob.
            BlobCorrupt: what is stored does not have this digest.
        """
        ...


class BlobUpkeep(Protocol):
    """A blob is in use from the moment it is put, got or renewed."""

    async def renew(self, refs: tuple[BlobRef, ...]) -> None:
        """Count these as used now, for whoever only carries their names. One that is absent is passed over."""
        ...

    async def delete_unused(self, since: datetime) -> SweptBlobs:
        """Remove what was last used before that, and what dead writers left. A blob that is put, got or renewed
        meanwhile stays."""
        ...

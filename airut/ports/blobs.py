"""The blob store: content-addressed bytes that are too large for a history."""

from datetime import datetime
from typing import Protocol

from airut.models.blob import BlobRef, PassingBlob, SweptBlobs


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

    async def put_passing(self, content: bytes) -> PassingBlob:
        """As `put`, of bytes that are of use only until the next ones are stored.

        Raises:
            NoSpace: the disk is full; nothing was stored.
        """
        ...

    async def drop(self, blob: PassingBlob) -> bool:
        """Remove it, and return True, unless it was there before it was put, or anybody has put, got or renewed the
        same bytes since. The caller knows that nobody who has only heard of it still relies on it.

        Raises:
            OSError: the disk failed, or the bucket (BlobsUnavailable), as in every other method.
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


class KeptBlobs(BlobStore, BlobUpkeep, Protocol):
    """Both, of one store."""

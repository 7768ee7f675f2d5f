"""The blob store: content-addressed bytes that are too large for a history."""

from typing import Protocol

from airut.models.blob import BlobRef


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

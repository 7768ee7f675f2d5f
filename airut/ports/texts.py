"""Texts in and out of the blob store, by size."""

from airut.models.blob import INLINE_LIMIT, Text
from airut.ports.blobs import BlobStore


async def fetch(blobs: BlobStore, text: Text) -> str:
    """The text itself, wherever it lies."""
    if text.blob is None:
        return text.inline or ""
    return (await blobs.get(text.blob)).decode(errors="replace")


async def store(blobs: BlobStore, text: str) -> Text:
    """The text as it may stand in a history: inline when short, else as a reference."""
    content = text.encode(errors="replace")
    if len(content) <= INLINE_LIMIT:
        return Text(inline=text)
    return Text(blob=await blobs.put(content))

"""The blob store in a bucket: `<prefix>/<digest>`, one object a blob.

When an object was last written is when its blob was last used, to a day: an object that is younger than that is not
written again for each use, and a sweep gives every one a day more.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from airut.adapters.s3.bucket import Bucket, Stored
from airut.errors import BlobCorrupt, BlobMissing, BlobsUnavailable
from airut.models.blob import BlobRef, PassingBlob, SweptBlobs

FRESH = timedelta(days=1)
"""A blob that is read all day is written once. What is kept for a day at least may well be kept for one more."""

PASSING = "passing"
"""Metadata of an object that nobody but its writer has come to use; its value is the writer's mark."""

LEAVING_MOST = 60.0
"""Seconds between a sweep's mark and its removal, or the sweep leaves the blob; five round trips take one."""
LOOK = 0.2
"""Seconds between two looks at whether a sweep has done with a blob."""

log = logging.getLogger(__name__)


class S3BlobStore:
    """Implements `airut.ports.blobs.BlobStore` and `BlobUpkeep`. Several processes may share one prefix.

    S3 has no rename, so a blob that goes is marked first (`<prefix>-leaving/<digest>/…`), looked at once more, and then
    deleted. Whoever writes a blob looks for the mark afterwards, and then whether the blob is still there: either the
    sweep saw the write, or the writer sees the mark or the gap, and writes again.
    """

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/"
        self._leaving = f"{prefix}-leaving/"

    async def put(self, content: bytes) -> BlobRef:
        ref = _named(content)
        found = await self._bucket.head(self._key(ref))
        if found is None or not _holds(found, content) or not await self._used(found):
            await self._write(ref, content)
        return ref

    async def get(self, ref: BlobRef) -> bytes:
        stored, content = await self._read(ref)
        try:
            await self._use(stored, ref, content)
        except BlobsUnavailable as error:  # where one may only read, somebody else keeps account
            log.info("blob %s is not counted as used: %s", ref.sha256, error)
        return content

    async def put_passing(self, content: bytes) -> PassingBlob:
        ref, mark = _named(content), secrets.randbits(62)
        if await self._bucket.head(self._key(ref)) is None and await self._bucket.put_new(
            self._key(ref), content, {PASSING: str(mark)}
        ):
            return PassingBlob(ref=ref, mark=mark)
        await self.put(content)
        return PassingBlob(ref=ref)

    async def drop(self, blob: PassingBlob) -> bool:
        def still(found: Stored) -> bool:
            return found.metadata.get(PASSING) == str(blob.mark)

        if blob.mark is None:
            return False
        key = self._key(blob.ref)
        found = await self._bucket.head(key)
        return found is not None and still(found) and await self._remove(blob.ref.sha256, still)

    async def renew(self, refs: tuple[BlobRef, ...]) -> None:
        for ref in refs:
            found = await self._bucket.head(self._key(ref))
            if found is None or _is_young(found):
                continue
            # With its bytes at hand: a sweep that has it in hand just now may be faster than the touch.
            with suppress(BlobMissing, BlobCorrupt):
                stored, content = await self._read(ref)
                await self._use(stored, ref, content)

    async def delete_unused(self, since: datetime) -> SweptBlobs:
        before, count, size = since - FRESH, 0, 0

        def still(found: Stored) -> bool:
            return found.modified < before

        async for stored in self._bucket.list(self._prefix):
            if still(stored) and await self._remove(stored.key.removeprefix(self._prefix), still):
                count, size = count + 1, size + stored.size
        await self._forget_marks()
        return SweptBlobs(count=count, bytes=size)

    async def _read(self, ref: BlobRef) -> tuple[Stored, bytes]:
        found = await self._bucket.get(self._key(ref))
        if found is None:
            raise BlobMissing(f"no blob {ref.sha256}")
        stored, content = found
        if len(content) != ref.size or hashlib.sha256(content).hexdigest() != ref.sha256:
            raise BlobCorrupt(f"blob {ref.sha256} does not have its digest or size any more")
        return stored, content

    async def _use(self, stored: Stored, ref: BlobRef, content: bytes) -> None:
        if not await self._used(stored):
            await self._write(ref, content)

    def _key(self, ref: BlobRef) -> str:
        return f"{self._prefix}{ref.sha256}"

    async def _used(self, found: Stored) -> bool:
        """Count it as used now; False where it has gone meanwhile."""
        return _is_young(found) or (await self._bucket.touch(found.key) and await self._stays(found.key))

    async def _write(self, ref: BlobRef, content: bytes) -> None:
        while True:
            await self._bucket.put(self._key(ref), content)
            if await self._stays(self._key(ref)):
                return

    async def _stays(self, key: str) -> bool:
        """Whether what was just written outlives the sweep that may have it in hand."""
        marks = f"{self._leaving}{key.removeprefix(self._prefix)}/"
        # The sweep is another process's: nobody tells us.
        while any([not _is_dead(mark) async for mark in self._bucket.list(marks)]):  # noqa: ASYNC110
            await asyncio.sleep(LOOK)  # the sweep is in another process
        return await self._bucket.head(key) is not None

    async def _forget_marks(self) -> None:
        """Of sweeps that died."""
        for mark in [mark async for mark in self._bucket.list(self._leaving) if _is_dead(mark)]:
            await self._bucket.delete(mark.key)

    async def _remove(self, sha256: str, still: Callable[[Stored], bool]) -> bool:
        """Remove a blob, unless it is not `still` so once everybody can see that it is about to go."""
        key, leaving = f"{self._prefix}{sha256}", f"{self._leaving}{sha256}/{secrets.token_hex(8)}"
        await self._bucket.put(leaving, b"")
        begun = time.monotonic()
        try:
            found = await self._bucket.head(key)
            if found is None or not still(found) or time.monotonic() - begun > LEAVING_MOST:
                return False
            await self._bucket.delete(key)
            return True
        finally:
            await self._bucket.delete(leaving)


def _named(content: bytes) -> BlobRef:
    return BlobRef(sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _is_young(found: Stored) -> bool:
    """No sweep takes it yet, and nobody is about to drop it."""
    return PASSING not in found.metadata and found.modified > datetime.now(UTC) - FRESH


def _is_dead(mark: Stored) -> bool:
    """A living sweep would have left the blob by now."""
    return mark.modified < datetime.now(UTC) - timedelta(seconds=2 * LEAVING_MOST)


def _holds(found: Stored, content: bytes) -> bool:
    """Whether the object is whole, as far as the store tells; where it does not, it is written anew."""
    return (
        found.size == len(content) and found.etag.strip('"') == hashlib.md5(content, usedforsecurity=False).hexdigest()
    )

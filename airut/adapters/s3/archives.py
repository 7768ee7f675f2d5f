"""Archives of ended threads in a bucket: `archive/<digest of the thread id>.json`, one object a thread."""

import hashlib
import logging
from datetime import datetime

from pydantic import ValidationError

from airut.adapters.s3.bucket import Bucket
from airut.errors import ArchiveUnavailable, ArchiveUnreadable, BlobsUnavailable
from airut.models.threads.archive import ArchivedThread

PREFIX = "archive/"

log = logging.getLogger(__name__)


class S3Archives:
    """Implements `airut.ports.archives.Archives`."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def put(self, archive: ArchivedThread) -> None:
        await self._bucket.put(_key(archive.thread), archive.model_dump_json().encode())

    async def get(self, thread: str) -> ArchivedThread | None:
        try:
            found = await self._bucket.get(_key(thread))
        except BlobsUnavailable as error:  # nothing may be concluded about the thread
            raise ArchiveUnavailable(str(error)) from error
        if found is None:
            return None
        try:
            return ArchivedThread.model_validate_json(found[1])
        except ValidationError:
            raise ArchiveUnreadable(
                f"the archive of {thread} cannot be read; restore the object {_key(thread)} from a backup, or remove "
                "it to let the thread begin afresh"
            ) from None

    async def delete_older_than(self, ended_before: datetime) -> int:
        removed = 0
        async for stored in self._bucket.list(PREFIX):
            try:
                found = await self._bucket.get(stored.key)
                if found is not None and ArchivedThread.model_validate_json(found[1]).ended_at < ended_before:
                    await self._bucket.delete(stored.key)
                    removed += 1
            except (BlobsUnavailable, ValidationError) as error:
                log.warning("the archive %s stays: %s", stored.key, type(error).__name__)
        return removed


def _key(thread: str) -> str:
    return f"{PREFIX}{hashlib.sha256(thread.encode()).hexdigest()}.json"

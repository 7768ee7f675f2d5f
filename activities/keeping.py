"""The archive of ended threads and the blob store, where every worker finds them, and how long both keep things."""

import logging
from datetime import timedelta

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.errors import ArchiveUnreadable
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.archive import ArchivedThread, Expired, ExpireOrder, lost_archive
from airut.models.threads.message import ChannelKind
from airut.ports.archives import Archives
from airut.ports.blobs import BlobUpkeep

CHANNELS = {"mail": ChannelKind.EMAIL, "slack": ChannelKind.SLACK, "console": ChannelKind.CONSOLE}

log = logging.getLogger(__name__)


class ArchiveKeeping:
    """`archives_kept` from a thread's end on, `blobs_kept` since a blob was last used: never the shorter one."""

    def __init__(self, archives: Archives, blobs: BlobUpkeep, archives_kept: timedelta, blobs_kept: timedelta) -> None:
        self._archives = archives
        self._blobs = blobs
        self._archives_kept = archives_kept
        self._blobs_kept = max(blobs_kept, archives_kept + timedelta(days=1))  # an archive names blobs

    @activity.defn
    async def keep_archive(self, archive: ArchivedThread) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            await self._blobs.renew(archive.blobs)
            await self._archives.put(archive)

    @activity.defn
    async def recall_archive(self, thread: str) -> ArchivedThread | None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            try:
                return await self._archives.get(thread)
            except ArchiveUnreadable as error:  # the message is answered all the same, and its author is told
                log.error("%s", error)
                repo, channel, _ = thread.split("/")
                return lost_archive(thread, repo, CHANNELS[channel], activity.info().started_time)

    @activity.defn
    async def expire_records(self, order: ExpireOrder) -> Expired:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                archives = await self._archives.delete_older_than(order.now - self._archives_kept)
                blobs = await self._blobs.delete_unused(order.now - self._blobs_kept)
                return Expired(archives=archives, blobs=blobs.count, bytes=blobs.bytes)

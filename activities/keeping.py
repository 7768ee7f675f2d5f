"""The archive of ended threads, where every worker finds it."""

from temporalio import activity

from activities.failures import reported
from airut.models.archive import ArchivedThread
from airut.models.outcome import TaskOutcome
from airut.ports.archives import Archives


class ArchiveKeeping:
    def __init__(self, archives: Archives) -> None:
        self._archives = archives

    @activity.defn
    async def keep_archive(self, archive: ArchivedThread) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            await self._archives.put(archive)

    @activity.defn
    async def recall_archive(self, thread: str) -> ArchivedThread | None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            return await self._archives.get(thread)

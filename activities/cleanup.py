"""What a task leaves on its host is taken away, whatever happened to the task."""

import asyncio

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from activities.outbox import empty
from airut.models.blob import refs_in
from airut.models.folders import ThreadFolders
from airut.models.outcome import TaskOutcome
from airut.models.sandbox import sandbox_id
from airut.models.task import CleanUpInput
from airut.ports.blobs import BlobUpkeep
from airut.ports.sandbox import Sandboxes


class CleanUps:
    def __init__(self, folders: ThreadFolders, sandboxes: Sandboxes, blobs: BlobUpkeep) -> None:
        self._folders = folders
        self._sandboxes = sandboxes
        self._blobs = blobs

    @activity.defn
    async def clean_up(self, order: CleanUpInput) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                for attempt in range(1, order.attempts + 1):
                    await self._sandboxes.remove(sandbox_id(order.task.id, attempt))
                # What a thread carries from task to task lives as long as the thread, however long that is.
                await self._blobs.renew(refs_in(order.task))
                outbox = self._folders.of(order.task.thread).outbox
                if order.delivered and outbox.is_dir():
                    await asyncio.to_thread(empty, outbox)

"""What a task leaves on its host is taken away, whatever happened to the task."""

import asyncio

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from activities.outbox import empty
from airut.models.blob import refs_in
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sandbox import sandbox_id
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.steps import CleanUpInput
from airut.ports.blobs import BlobUpkeep
from airut.ports.sandbox import Leftovers, Sandboxes


class CleanUps:
    def __init__(
        self, folders: ThreadFolders, sandboxes: Sandboxes, blobs: BlobUpkeep, leftovers: Leftovers | None = None
    ) -> None:
        """Without `leftovers` a host has no sandboxes but those that tasks count."""
        self._folders = folders
        self._sandboxes = sandboxes
        self._blobs = blobs
        self._leftovers = leftovers

    @activity.defn
    async def clean_up(self, order: CleanUpInput) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                for sandbox in await self._sandboxes_of(order):
                    await self._sandboxes.remove(sandbox)
                # What a thread carries from task to task lives as long as the thread, however long that is.
                await self._blobs.renew(refs_in(order.task))
                outbox = self._folders.of(order.task.thread).outbox
                if order.delivered and outbox.is_dir():
                    await asyncio.to_thread(empty, outbox)

    async def _sandboxes_of(self, order: CleanUpInput) -> list[str]:
        counted = [sandbox_id(order.task.id, attempt) for attempt in range(1, order.attempts + 1)]
        if not order.every or self._leftovers is None:
            return counted
        found = [one.sandbox_id for one in await self._leftovers.owned() if one.task == order.task.id]
        return list(dict.fromkeys((*counted, *found)))

"""The end of a thread on its host, and its next beginning: what it leaves is stored, removed, brought back."""

import asyncio
import tarfile
from pathlib import Path

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from activities.packing import pack, unpack
from airut.errors import BlobCorrupt, BlobMissing
from airut.models.blob import BlobRef
from airut.models.hosts.folders import Folders, ThreadFolders
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.archive import Archived, ArchiveOrder, RemoveOrder, Restored, RestoreOrder
from airut.ports.agent import Sessions
from airut.ports.blobs import BlobStore
from airut.ports.trees import Trees


class ThreadEnds:
    """Runs while no sandbox of the thread does. Everything is safe to do twice."""

    def __init__(self, folders: ThreadFolders, sessions: Sessions, trees: Trees, blobs: BlobStore) -> None:
        self._folders = folders
        self._sessions = sessions
        self._trees = trees
        self._blobs = blobs

    @activity.defn
    async def archive_thread(self, order: ArchiveOrder) -> Archived:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                folders = self._folders.of(order.thread)
                transcript, losses = await self._save_session(folders, order.session_id)
                packed = await asyncio.to_thread(pack, folders.storage)
                storage = await self._blobs.put(packed.content) if packed.content is not None else None
                return Archived(transcript=transcript, storage=storage, losses=(*losses, *packed.losses))

    @activity.defn
    async def remove_thread(self, order: RemoveOrder) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                await remove_thread(self._folders, self._trees, order.thread)

    @activity.defn
    async def restore_thread(self, order: RestoreOrder) -> Restored:
        with reported(TaskOutcome.WORKSPACE_FAILED):
            async with beating():
                folders = self._folders.of(order.thread)
                folders.make()
                if _marked(folders) == order:
                    return Restored()
                notes = [
                    *await self._restore_session(folders, order),
                    *await self._restore_storage(folders, order.storage),
                ]
                _mark(folders, order)
                return Restored(notes=tuple(notes))

    async def _save_session(self, folders: Folders, session_id: str | None) -> tuple[BlobRef | None, tuple[str, ...]]:
        if session_id is None:
            return None, ()
        try:
            transcript = await asyncio.to_thread(self._sessions.save, folders.home, session_id)
        except OSError as error:  # a disk that cannot be read today will not keep a thread from ending
            return None, (f"the session's transcript could not be read: {error.strerror}",)
        return (await self._blobs.put(transcript) if transcript is not None else None), ()

    async def _restore_session(self, folders: Folders, order: RestoreOrder) -> list[str]:
        if order.session_id is None or order.transcript is None:
            return []
        try:
            transcript = await self._blobs.get(order.transcript)
        except (BlobMissing, BlobCorrupt):
            return ["the session's transcript is not kept any more"]
        await asyncio.to_thread(self._sessions.restore, folders.home, order.session_id, transcript)
        return []

    async def _restore_storage(self, folders: Folders, storage: BlobRef | None) -> list[str]:
        """Only where there is nothing: what a task has written since is newer."""
        if storage is None or any(folders.storage.iterdir()):
            return []
        try:
            content = await self._blobs.get(storage)
        except (BlobMissing, BlobCorrupt):
            return ["what /storage held is not kept any more"]
        beside = folders.root / "storage.restoring"
        await self._trees.remove(beside)  # of a worker that died here
        beside.mkdir(mode=0o700)
        try:
            await asyncio.to_thread(unpack, content, beside)
        except tarfile.TarError:
            await self._trees.remove(beside)
            return ["what /storage held cannot be unpacked"]
        beside.replace(folders.storage)  # an empty folder gives way
        return []


async def remove_thread(folders: ThreadFolders, trees: Trees, thread: str) -> None:
    """Put the thread's folder out of the way at once, so that its next life begins with nothing; then remove it.

    Raises:
        TreeNotRemoved: something is left; call again.
    """
    root = folders.of(thread).root
    if root.is_dir():
        aside = folders.aside(thread)
        aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.replace(aside)
    for left in folders.set_aside(thread):
        await trees.remove(left)


def _marked(folders: Folders) -> RestoreOrder | None:
    try:
        return RestoreOrder.model_validate_json(_marker(folders).read_bytes())
    except (OSError, ValueError):
        return None


def _mark(folders: Folders, order: RestoreOrder) -> None:
    beside = _marker(folders).with_suffix(".new")
    beside.write_text(order.model_dump_json())
    beside.replace(_marker(folders))


def _marker(folders: Folders) -> Path:
    return folders.root / "restored.json"  # not mounted into any sandbox

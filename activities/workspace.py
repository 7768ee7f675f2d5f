"""Placement, checkout and inbox of a thread, on its sandbox host."""

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.models.folders import ThreadFolders
from airut.models.message import Attachment
from airut.models.outcome import TaskOutcome
from airut.models.sandbox import Limits
from airut.models.task import HostResult, WorkspaceInput, WorkspaceResult
from airut.ports.blobs import BlobStore
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories


class Workspaces:
    """Makes what a sandbox mounts. Everything is safe to do twice: a finished checkout is left as it is."""

    def __init__(
        self, host: str, folders: ThreadFolders, mirror: Mirror, blobs: BlobStore, repositories: Repositories
    ) -> None:
        self._host = host
        self._folders = folders
        self._mirror = mirror
        self._blobs = blobs
        self._repositories = repositories

    @activity.defn
    async def claim_host(self) -> HostResult:
        return HostResult(host=self._host)

    @activity.defn
    async def prepare_workspace(self, order: WorkspaceInput) -> WorkspaceResult:
        with reported(TaskOutcome.WORKSPACE_FAILED):
            async with beating():
                limits: Limits = self._repositories.limits(order.repo)
                branch = await self._mirror.refresh(order.repo)
                folders = self._folders.of(order.thread)
                folders.make()
                base = await self._mirror.clone(order.repo, branch, folders.workspace)
                for file in order.attachments:
                    await self._put_into_inbox(order.thread, file)
                return WorkspaceResult(policy=branch, base=base, time_limit_s=limits.time)

    async def _put_into_inbox(self, thread: str, file: Attachment) -> None:
        """Same name and content: there already. Written beside and renamed, so the agent never sees half a file."""
        target = self._folders.of(thread).inbox / file.name
        if target.exists() and target.stat().st_size == file.content.size:
            return
        partial = target.with_name(f".{file.name}.partial")
        partial.write_bytes(await self._blobs.get(file.content))
        partial.rename(target)

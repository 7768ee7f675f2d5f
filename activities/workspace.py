"""Placement, checkout and inbox of a thread, on its sandbox host."""

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

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
                inbox = {
                    file.content.sha256: await self._put_into_inbox(folders.inbox, file) for file in order.attachments
                }
                return WorkspaceResult(policy=branch, base=base, time_limit_s=limits.time, inbox=inbox)

    async def _put_into_inbox(self, inbox: Path, file: Attachment) -> str:
        """Put a file there and return its name: another one where the inbox, which holds the whole thread's files,
        has the name with other content. Written beside and renamed, so the agent never sees half a file."""
        for name in _names(file.name):
            target = inbox / name
            if not target.exists():
                partial = inbox / f".{name}.partial"
                partial.write_bytes(await self._blobs.get(file.content))
                partial.rename(target)
                return name
            if hashlib.sha256(target.read_bytes()).hexdigest() == file.content.sha256:
                return name
        raise AssertionError("names never end")


def _names(name: str) -> Iterator[str]:
    """`a.png`, `a-2.png`, `a-3.png`, …"""
    yield name
    path = PurePosixPath(name)
    for number in itertools.count(2):
        yield f"{path.stem}-{number}{path.suffix}"

"""Placement, checkout and inbox of a thread, on its sandbox host."""

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.errors import BlobError, GitError
from airut.models.blob import BlobRef
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sandbox import Limits
from airut.models.hosts.workspace import DefaultBranch
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.steps import HostResult, WorkspaceInput, WorkspaceResult
from airut.models.threads.message import Attachment
from airut.ports.blobs import BlobStore
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories

UNPUBLISHED, UNCOMMITTED = "unpublished.bundle", "uncommitted.bundle"
"""In the inbox of a workspace that was made anew: the agent is told to fetch from them."""


class Workspaces:
    """Makes what a sandbox mounts. Everything is safe to do twice: a finished checkout is left as it is."""

    def __init__(
        self,
        host: str,
        folders: ThreadFolders,
        mirror: Mirror,
        blobs: BlobStore,
        repositories: Repositories,
    ) -> None:
        self._host = host
        self._folders = folders
        self._mirror = mirror
        self._blobs = blobs
        self._repositories = repositories

    @activity.defn
    async def ping_host(self) -> HostResult:
        return HostResult(host=self._host)

    @activity.defn
    async def prepare_workspace(self, order: WorkspaceInput) -> WorkspaceResult:
        with reported(TaskOutcome.WORKSPACE_FAILED):
            async with beating():
                limits: Limits = self._repositories.limits(order.repo)
                branch = await self._mirror.refresh(order.repo)
                folders = self._folders.of(order.thread)
                folders.make()
                ready = await self._mirror.has_checkout(folders.workspace, order.merged)
                notes = () if ready else await self._bring_back(order, folders.inbox)
                base, lost = await self._clone(order, branch, folders.workspace)
                inbox = {
                    file.content.sha256: await self._put_into_inbox(folders.inbox, file) for file in order.attachments
                }
                return WorkspaceResult(
                    policy=branch,
                    base=base,
                    time_limit_s=limits.time,
                    inbox=inbox,
                    settings=self._repositories.thread(order.repo),
                    brought=tuple(_brought(order, folders.inbox)),
                    notes=(*notes, *lost),
                )

    async def _clone(
        self, order: WorkspaceInput, branch: DefaultBranch, workspace: Path
    ) -> tuple[str, tuple[str, ...]]:
        """The thread's checkout, made from what it pushed last where it is not on this host, from the default branch
        once that was merged. Returns the commit that it began at, and what could not be had."""
        published = branch.model_copy(update={"commit": order.published}) if order.published else branch
        try:
            return await self._mirror.clone(order.repo, published, workspace, order.merged), ()
        except GitError:
            if published == branch:
                raise
        # Merged and deleted since: the remote does not have that commit any more.
        lost = f"The commit {published.commit[:12]} is not on the remote any more; work goes on from {branch.name}."
        return await self._mirror.clone(order.repo, branch, workspace, order.merged), (lost,)

    async def _bring_back(self, order: WorkspaceInput, inbox: Path) -> tuple[str, ...]:
        """For a workspace that is not on this host, or older than a merge: what was not published, for the agent to
        fetch. Returns what could not be had."""
        lost: list[str] = []
        for name, content, what in (
            (UNPUBLISHED, order.unpublished, "Commits that had not been published"),
            (UNCOMMITTED, order.uncommitted, "Changes that had not been committed"),
        ):
            if content is None:
                continue
            try:
                await self._write(inbox / name, content)
            except BlobError:
                lost.append(f"{what} could not be brought back.")
        return tuple(lost)

    async def _put_into_inbox(self, inbox: Path, file: Attachment) -> str:
        """Put a file there and return its name: another one where the inbox, which holds the whole thread's files,
        has the name with other content, or has the content: the logo in a signature comes with each mail, under a new
        number. Written beside and renamed, so the agent never sees half a file."""
        if known := _named_by_content(inbox, file.content):
            return known
        name = next(name for name in _names(file.name) if not (inbox / name).exists())
        await self._write(inbox / name, file.content)
        return name

    async def _write(self, target: Path, content: BlobRef) -> None:
        partial = target.with_name(f".{target.name}.partial")
        partial.write_bytes(await self._blobs.get(content))
        partial.rename(target)


def _brought(order: WorkspaceInput, inbox: Path) -> Iterator[str]:
    """Of what is neither published nor replaced by what a later agent left. Asked of the disk, so that a second try
    says the same."""
    for name, content in ((UNPUBLISHED, order.unpublished), (UNCOMMITTED, order.uncommitted)):
        file = inbox / name
        if content and file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == content.sha256:
            yield name


def _named_by_content(inbox: Path, content: BlobRef) -> str:
    """The file of that content, or the empty string. Most are told apart by their sizes."""
    for file in sorted(inbox.iterdir()):
        same_size = file.is_file(follow_symlinks=False) and file.stat().st_size == content.size
        if same_size and hashlib.sha256(file.read_bytes()).hexdigest() == content.sha256:
            return file.name
    return ""


def _names(name: str) -> Iterator[str]:
    """`a.png`, `a-2.png`, `a-3.png`, …"""
    yield name
    path = PurePosixPath(name)
    for number in itertools.count(2):
        yield f"{path.stem}-{number}{path.suffix}"

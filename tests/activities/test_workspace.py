"""A thread's checkout and inbox."""

from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.workspace import Workspaces
from airut.adapters.blobs_local import LocalBlobStore
from airut.models.blob import BlobRef
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.workspace import DefaultBranch, Push, PushSpec, TreeFile
from airut.models.tasks.steps import WorkspaceInput, WorkspaceResult
from airut.models.threads.message import Attachment
from tests.activities.agent_bench import Configured

THREAD = "web/mail/abcdefgh23456789"


class Fetched:
    """A mirror whose checkout is an empty folder."""

    async def refresh(self, repo: str) -> DefaultBranch:
        return DefaultBranch(name="main", commit="c" * 40)

    async def read_tree(self, repo: str, commit: str, path: str) -> tuple[TreeFile, ...]:
        return ()

    async def has_checkout(self, workspace: Path, after: int | None = None) -> bool:
        return workspace.exists() and (after is None or (workspace / f"after-{after}").exists())

    async def clone(self, repo: str, branch: DefaultBranch, workspace: Path, after: int | None = None) -> str:
        workspace.mkdir(exist_ok=True)
        if after is not None:
            (workspace / f"after-{after}").touch()
        return "b" * 40

    async def publish(self, spec: PushSpec, bundle: bytes) -> Push | None:
        return None


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "blobs")


async def prepare(tmp_path: Path, blobs: LocalBlobStore, *files: Attachment) -> WorkspaceResult:
    workspaces = Workspaces("h1", ThreadFolders(state=tmp_path), Fetched(), blobs, Configured())
    order = WorkspaceInput(thread=THREAD, repo="web", attachments=files)
    return await ActivityEnvironment().run(workspaces.prepare_workspace, order)


async def attachment(blobs: LocalBlobStore, name: str, content: bytes) -> Attachment:
    return Attachment(name=name, media_type="image/png", content=await blobs.put(content))


async def test_files_of_one_name_are_all_there(tmp_path: Path, blobs: LocalBlobStore) -> None:
    first, second = await attachment(blobs, "a.png", b"first!"), await attachment(blobs, "a.png", b"second")
    result = await prepare(tmp_path, blobs, first, second)
    again = await prepare(tmp_path, blobs, second, first)  # a retry, and a later task that gets them in another order
    inbox = ThreadFolders(state=tmp_path).of(THREAD).inbox
    assert {file.name: file.read_bytes() for file in inbox.iterdir()} == {"a.png": b"first!", "a-2.png": b"second"}
    assert result.inbox == again.inbox == {first.content.sha256: "a.png", second.content.sha256: "a-2.png"}


async def test_the_same_file_under_another_name_is_there_once(tmp_path: Path, blobs: LocalBlobStore) -> None:
    """A signature's logo, which Outlook numbers anew in each mail."""
    first, other = await attachment(blobs, "image001.png", b"logo"), await attachment(blobs, "image001.png", b"plan")
    await prepare(tmp_path, blobs, first, other)
    again = await attachment(blobs, "image007.png", b"logo")
    result = await prepare(tmp_path, blobs, again)
    inbox = ThreadFolders(state=tmp_path).of(THREAD).inbox
    assert sorted(file.name for file in inbox.iterdir()) == ["image001-2.png", "image001.png"]
    assert result.inbox == {again.content.sha256: "image001.png"}


async def test_what_was_never_pushed_is_brought_back_and_named_until_something_newer_is_known(
    tmp_path: Path, blobs: LocalBlobStore
) -> None:
    workspaces = Workspaces("h1", ThreadFolders(state=tmp_path), Fetched(), blobs, Configured())
    order = WorkspaceInput(
        thread=THREAD, repo="web", unpublished=await blobs.put(b"commits"), uncommitted=await blobs.put(b"changes")
    )
    first = await ActivityEnvironment().run(workspaces.prepare_workspace, order)
    again = await ActivityEnvironment().run(workspaces.prepare_workspace, order)  # its worker died just then
    inbox = ThreadFolders(state=tmp_path).of(THREAD).inbox
    assert {file.name: file.read_bytes() for file in inbox.iterdir()} == {
        "unpublished.bundle": b"commits",
        "uncommitted.bundle": b"changes",
    }
    assert first.brought == again.brought == ("unpublished.bundle", "uncommitted.bundle")
    later = order.model_copy(update={"unpublished": None, "uncommitted": await blobs.put(b"others")})
    assert (await ActivityEnvironment().run(workspaces.prepare_workspace, later)).brought == ()


async def test_a_workspace_that_is_made_anew_after_a_merge_leaves_in_the_inbox_what_the_pull_request_had_not(
    tmp_path: Path, blobs: LocalBlobStore
) -> None:
    await prepare(tmp_path, blobs)
    workspaces = Workspaces("h1", ThreadFolders(state=tmp_path), Fetched(), blobs, Configured())
    order = WorkspaceInput(thread=THREAD, repo="web", uncommitted=await blobs.put(b"changes"))
    assert (await ActivityEnvironment().run(workspaces.prepare_workspace, order)).brought == ()
    merged = order.model_copy(update={"merged": 7})
    assert (await ActivityEnvironment().run(workspaces.prepare_workspace, merged)).brought == ("uncommitted.bundle",)


async def test_what_cannot_be_brought_back_is_said(tmp_path: Path, blobs: LocalBlobStore) -> None:
    workspaces = Workspaces("h1", ThreadFolders(state=tmp_path), Fetched(), blobs, Configured())
    gone = BlobRef(sha256="0" * 64, size=3)
    order = WorkspaceInput(thread=THREAD, repo="web", unpublished=gone, uncommitted=gone)
    result = await ActivityEnvironment().run(workspaces.prepare_workspace, order)
    assert result.brought == ()
    assert result.notes == (
        "Commits that had not been published could not be brought back.",
        "Changes that had not been committed could not be brought back.",
    )


async def test_the_rules_come_from_the_newest_commit_and_the_base_from_the_checkout(
    tmp_path: Path, blobs: LocalBlobStore
) -> None:
    result = await prepare(tmp_path, blobs)
    assert (result.policy.commit, result.base) == ("c" * 40, "b" * 40)


async def test_only_the_service_user_can_look_inside(tmp_path: Path, blobs: LocalBlobStore) -> None:
    await prepare(tmp_path, blobs)
    folders = ThreadFolders(state=tmp_path).of(THREAD)
    assert {folder.stat().st_mode & 0o777 for folder in (folders.root, folders.inbox, folders.home)} == {0o700}

"""The end of a thread on its host and its next beginning, over real folders, blobs and transcripts."""

import json
import os
import uuid
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.archive import ThreadEnds
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.claude_code.agent import ClaudeSessions
from airut.adapters.trees_unshared import UnsharedTrees
from airut.models.blob import BlobRef
from airut.models.hosts.folders import Folders, ThreadFolders
from airut.models.threads.archive import Archived, ArchiveOrder, RemoveOrder, Restored, RestoreOrder

THREAD = "web/mail/abcdefgh23456789"
SESSION = str(uuid.uuid5(uuid.NAMESPACE_URL, "session"))
TRANSCRIPT = json.dumps({"type": "user", "message": {"role": "user", "content": "hi"}}).encode() + b"\n"


class Host:
    """A sandbox host's state folder; all hosts share the blobs."""

    def __init__(self, state: Path, blobs: LocalBlobStore, *, remove: tuple[str, ...] = ()) -> None:
        self.threads = ThreadFolders(state=state)
        self.ends = ThreadEnds(self.threads, ClaudeSessions(), UnsharedTrees(enter=remove), blobs)

    @property
    def thread(self) -> Folders:
        return self.threads.of(THREAD)

    def make(self) -> None:
        self.thread.make()
        ClaudeSessions().restore(self.thread.home, SESSION, TRANSCRIPT)
        (self.thread.storage / "notes.md").write_text("remember")

    async def archive(self) -> Archived:
        order = ArchiveOrder(thread=THREAD, repo="web", session_id=SESSION)
        return await ActivityEnvironment().run(self.ends.archive_thread, order)

    async def remove(self) -> None:
        await ActivityEnvironment().run(self.ends.remove_thread, RemoveOrder(thread=THREAD, repo="web"))

    async def restore(self, archived: Archived) -> Restored:
        order = RestoreOrder(
            thread=THREAD,
            repo="web",
            session_id=SESSION,
            transcript=archived.transcript,
            storage=archived.storage,
        )
        return await ActivityEnvironment().run(self.ends.restore_thread, order)


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "blobs")


@pytest.fixture
def host(tmp_path: Path, blobs: LocalBlobStore) -> Host:
    host = Host(tmp_path / "one", blobs)
    host.make()
    return host


async def test_a_thread_ends_here_and_goes_on_there(host: Host, blobs: LocalBlobStore, tmp_path: Path) -> None:
    archived = await host.archive()
    assert archived.losses == ()
    assert archived.transcript is not None
    assert await blobs.get(archived.transcript) == TRANSCRIPT
    await host.remove()
    assert not host.thread.root.exists()
    other = Host(tmp_path / "two", blobs)
    assert await other.restore(archived) == Restored()
    assert ClaudeSessions().save(other.thread.home, SESSION) == TRANSCRIPT
    assert (other.thread.storage / "notes.md").read_text() == "remember"


async def test_archived_twice_is_the_same(host: Host) -> None:
    assert await host.archive() == await host.archive()


async def test_a_thread_that_has_nothing(tmp_path: Path, blobs: LocalBlobStore) -> None:
    host = Host(tmp_path / "empty", blobs)
    assert await host.archive() == Archived()
    await host.remove()
    assert await host.restore(Archived()) == Restored()


async def test_restored_once(host: Host, blobs: LocalBlobStore, tmp_path: Path) -> None:
    archived = await host.archive()
    other = Host(tmp_path / "two", blobs)
    await other.restore(archived)
    newer = TRANSCRIPT + TRANSCRIPT
    (other.thread.storage / "notes.md").write_text("newer")
    ClaudeSessions().restore(other.thread.home, SESSION, newer)
    await other.restore(archived)
    assert (other.thread.storage / "notes.md").read_text() == "newer"
    assert ClaudeSessions().save(other.thread.home, SESSION) == newer


async def test_a_worker_that_dies_while_it_restores(host: Host, blobs: LocalBlobStore, tmp_path: Path) -> None:
    archived = await host.archive()
    other = Host(tmp_path / "two", blobs)
    other.thread.make()
    (other.thread.root / "storage.restoring").mkdir()
    (other.thread.root / "storage.restoring" / "half").write_text("hal")
    await other.restore(archived)
    assert sorted(path.name for path in other.thread.storage.iterdir()) == ["notes.md"]
    assert not (other.thread.root / "storage.restoring").exists()


async def test_what_is_not_kept_any_more_is_said(host: Host) -> None:
    gone = BlobRef(sha256="0" * 64, size=1)
    await host.remove()
    assert await host.restore(Archived(transcript=gone, storage=gone)) == Restored(
        notes=("the session's transcript is not kept any more", "what /storage held is not kept any more")
    )


async def test_a_session_that_cannot_be_read_keeps_no_thread_from_ending(blobs: LocalBlobStore, tmp_path: Path) -> None:
    class Broken(ClaudeSessions):
        def save(self, home: Path, session_id: str) -> bytes | None:
            raise OSError(5, "Input/output error")

    ends = ThreadEnds(ThreadFolders(state=tmp_path), Broken(), UnsharedTrees(enter=()), blobs)
    order = ArchiveOrder(thread=THREAD, repo="web", session_id=SESSION)
    archived = await ActivityEnvironment().run(ends.archive_thread, order)
    assert archived == Archived(losses=("the session's transcript could not be read: Input/output error",))


async def test_a_link_in_the_home_or_for_the_storage_leads_nowhere(host: Host, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("host's")
    host.thread.storage.rename(host.thread.root / "old")
    host.thread.storage.symlink_to(tmp_path)
    archived = await host.archive()
    assert archived.storage is None
    await host.remove()
    assert (tmp_path / "secret").read_text() == "host's"


async def test_removal_goes_on_where_it_was_cut_off(host: Host, blobs: LocalBlobStore) -> None:
    stuck = Host(host.threads.state, blobs, remove=("false",))
    with pytest.raises(ApplicationError) as raised:
        await stuck.remove()
    assert not raised.value.non_retryable
    assert not host.thread.root.exists()
    assert len(host.threads.all_set_aside()) == 1
    host.make()  # the thread has begun again meanwhile
    left = host.threads.all_set_aside()
    await UnsharedTrees(enter=()).remove(left[0])
    assert host.thread.root.exists()


async def test_removing_again_takes_what_is_left(host: Host, blobs: LocalBlobStore) -> None:
    stuck = Host(host.threads.state, blobs, remove=("false",))
    with pytest.raises(ApplicationError):
        await stuck.remove()
    await host.remove()
    await host.remove()
    assert host.threads.all_set_aside() == ()
    assert host.threads.all() == ()


async def test_an_id_that_leads_elsewhere_is_refused(host: Host) -> None:
    with pytest.raises(ApplicationError):
        await ActivityEnvironment().run(host.ends.remove_thread, RemoveOrder(thread="../../etc", repo="web"))
    assert os.path.isdir("/etc")

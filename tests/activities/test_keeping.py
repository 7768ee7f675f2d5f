"""Archives and blobs, and how long they are kept."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.keeping import ArchiveKeeping
from airut.adapters.archives_local import LocalArchives
from airut.adapters.blobs_local import LocalBlobStore
from airut.models.blob import BlobRef
from airut.models.threads.archive import NOTES_AHEAD, UNREADABLE, ArchivedThread, Expired, ExpireOrder, number_at
from airut.models.threads.message import ChannelKind

NOW = datetime.now(UTC)
THREAD = "web/mail/abcdefgh23456789"


class Bench:
    def __init__(self, root: Path, blobs_kept: timedelta = timedelta(days=30)) -> None:
        self.root = root
        self.blobs, self.archives = LocalBlobStore(root / "blobs"), LocalArchives(root / "archive")
        self.keeping = ArchiveKeeping(self.archives, self.blobs, timedelta(days=180), blobs_kept)

    async def blob(self, content: bytes, unused: timedelta) -> BlobRef:
        ref = await self.blobs.put(content)
        then = (NOW - unused).timestamp()
        os.utime(self.root / "blobs" / ref.sha256[:2] / ref.sha256, (then, then))
        return ref

    async def keep(self, ended: timedelta, transcript: BlobRef, thread: str = THREAD) -> None:
        archive = ArchivedThread(
            thread=thread, repo="web", channel=ChannelKind.EMAIL, ended_at=NOW - ended, transcript=transcript
        )
        await ActivityEnvironment().run(self.keeping.keep_archive, archive)

    async def expire(self) -> Expired:
        return await ActivityEnvironment().run(self.keeping.expire_records, ExpireOrder(now=NOW))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_an_archive_holds_its_blobs_as_long_as_it_is_kept(bench: Bench) -> None:
    old = await bench.blob(b"transcript", timedelta(days=400))
    stray = await bench.blob(b"stray", timedelta(days=182))
    await bench.blob(b"young", timedelta(days=179))
    await bench.keep(timedelta(days=1), old)
    assert await bench.expire() == Expired(blobs=1, bytes=len(b"stray"))
    assert await bench.blobs.get(old) == b"transcript"
    found = await ActivityEnvironment().run(bench.keeping.recall_archive, THREAD)
    assert found is not None
    assert found.transcript == old
    assert stray not in found.blobs


async def test_archives_expire(bench: Bench) -> None:
    ref = await bench.blob(b"x", timedelta(0))
    await bench.keep(timedelta(days=181), ref)
    await bench.keep(timedelta(days=179), ref, "web/mail/young")
    assert await bench.expire() == Expired(archives=1)
    assert await ActivityEnvironment().run(bench.keeping.recall_archive, THREAD) is None


async def test_an_archive_that_cannot_be_read_is_told_and_the_thread_begins(bench: Bench) -> None:
    await bench.keep(timedelta(0), await bench.blob(b"x", timedelta(0)))
    (file,) = (bench.root / "archive").iterdir()
    file.write_text("{")
    found = await ActivityEnvironment().run(bench.keeping.recall_archive, THREAD)
    assert found is not None
    number = number_at(found.ended_at)
    assert (found.losses, found.session_id, found.channel) == ((UNREADABLE,), None, ChannelKind.EMAIL)
    assert (found.tasks, found.notes) == (number, number + NOTES_AHEAD)

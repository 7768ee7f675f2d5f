"""Archives of ended threads in a local folder."""

import errno
import os
import resource
import signal
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from airut.adapters.archives_local import LocalArchives
from airut.errors import ArchiveUnavailable, ArchiveUnreadable, NoSpace
from airut.models.blob import BlobRef
from airut.models.threads.archive import ArchivedThread, KnownKey
from airut.models.threads.message import ChannelKind
from tests.support.messages import NOON

ARCHIVE = ArchivedThread(
    thread="web/mail/abcdefgh23456789",
    repo="web",
    channel=ChannelKind.EMAIL,
    ended_at=NOON,
    keys=(KnownKey(key="k1", at=NOON),),
    participants=("ann@example.com",),
    subject="Add a file",
    tasks=2,
    transcript=BlobRef(sha256="0" * 64, size=3),
    losses=("/storage holds more than 100 MiB: none of it was kept",),
)


async def test_what_is_put_is_found_and_the_newest_wins(tmp_path: Path) -> None:
    archives = LocalArchives(tmp_path / "archive")
    assert await archives.get(ARCHIVE.thread) is None
    await archives.put(ARCHIVE)
    await archives.put(ARCHIVE)
    assert await archives.get(ARCHIVE.thread) == ARCHIVE
    newer = ARCHIVE.model_copy(update={"tasks": 3})
    await archives.put(newer)
    assert await LocalArchives(tmp_path / "archive").get(ARCHIVE.thread) == newer
    assert await archives.get("web/mail/other") is None
    (file,) = (tmp_path / "archive").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_old_ones_go_and_damaged_ones_stay(tmp_path: Path) -> None:
    archives = LocalArchives(tmp_path)
    assert await LocalArchives(tmp_path / "absent").delete_older_than(NOON) == 0
    young = ARCHIVE.model_copy(update={"thread": "web/mail/young", "ended_at": NOON + timedelta(days=1)})
    await archives.put(ARCHIVE)
    await archives.put(young)
    (tmp_path / "damaged.json").write_text("{")
    assert await archives.delete_older_than(NOON + timedelta(hours=1)) == 1
    assert await archives.get(ARCHIVE.thread) is None
    assert await archives.get(young.thread) == young
    assert (tmp_path / "damaged.json").exists()


async def test_a_damaged_one_is_named_with_its_remedy(tmp_path: Path) -> None:
    archives = LocalArchives(tmp_path)
    await archives.put(ARCHIVE)
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text().replace('"version":1', '"version":2'))
    with pytest.raises(ArchiveUnreadable, match=f"restore {file} from a backup, or remove it"):
        await archives.get(ARCHIVE.thread)


async def test_a_disk_that_is_away_is_not_taken_for_a_thread_without_archive(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    root.write_text("no folder")
    with pytest.raises(ArchiveUnavailable, match=f"^{root}/[0-9a-f]+.json cannot be read: Not a directory; look after"):
        await LocalArchives(root).get(ARCHIVE.thread)


def _put_on_a_full_disk(root: Path) -> None:
    import asyncio

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    try:
        asyncio.run(LocalArchives(root).put(ARCHIVE.model_copy(update={"tasks": 99})))
    except NoSpace:
        os._exit(errno.ENOSPC)
    os._exit(0)


async def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    archives = LocalArchives(tmp_path)
    await archives.put(ARCHIVE)
    process = get_context("spawn").Process(target=_put_on_a_full_disk, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == errno.ENOSPC
    assert await archives.get(ARCHIVE.thread) == ARCHIVE
    assert len(list(tmp_path.iterdir())) == 1

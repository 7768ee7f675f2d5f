"""What both places of archives promise."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from airut.adapters.archives_local import LocalArchives
from airut.adapters.s3.archives import S3Archives
from airut.adapters.s3.bucket import Bucket
from airut.demo.ports import free_port
from airut.errors import ArchiveUnavailable, ArchiveUnreadable
from airut.ports.archives import Archives
from tests.adapters.test_archives_local import ARCHIVE
from tests.support.messages import NOON
from tests.support.s3 import BUCKET, CREDENTIALS, S3Server, running_s3


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with pytest.MonkeyPatch.context() as environment, running_s3() as found:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        yield found


@pytest.fixture(params=["folder", "bucket"])
def archives(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server) -> Archives:
    server.empty()
    if request.param == "folder":
        return LocalArchives(tmp_path / "archive")
    return S3Archives(Bucket(BUCKET, server.endpoint))


async def test_what_is_put_is_found_and_the_newest_wins(archives: Archives) -> None:
    assert await archives.get(ARCHIVE.thread) is None
    await archives.put(ARCHIVE)
    await archives.put(ARCHIVE)
    assert await archives.get(ARCHIVE.thread) == ARCHIVE
    newer = ARCHIVE.model_copy(update={"tasks": 3})
    await archives.put(newer)
    assert await archives.get(ARCHIVE.thread) == newer
    assert await archives.get("web/mail/other") is None


async def test_old_ones_go(archives: Archives) -> None:
    assert await archives.delete_older_than(NOON) == 0
    young = ARCHIVE.model_copy(update={"thread": "web/mail/young", "ended_at": NOON + timedelta(days=1)})
    await archives.put(ARCHIVE)
    await archives.put(young)
    assert await archives.delete_older_than(NOON + timedelta(hours=1)) == 1
    assert await archives.get(ARCHIVE.thread) is None
    assert await archives.get(young.thread) == young


async def test_a_damaged_one_is_named_with_its_remedy_and_stays(server: S3Server) -> None:
    server.empty()
    archives = S3Archives(Bucket(BUCKET, server.endpoint))
    await archives.put(ARCHIVE)
    (key,) = server.names()
    server.damage(key, b"{")
    with pytest.raises(ArchiveUnreadable, match=f"restore the object {key} from a backup, or remove it"):
        await archives.get(ARCHIVE.thread)
    assert await archives.delete_older_than(NOON + timedelta(days=9)) == 0
    assert server.names() == [key]


async def test_a_store_that_is_away_is_not_taken_for_a_thread_without_archive(server: S3Server) -> None:
    away = S3Archives(Bucket(BUCKET, f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(ArchiveUnavailable, match="cannot be asked"):
        await away.get(ARCHIVE.thread)

"""What every store of blobs promises, in a folder and in a bucket."""

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.s3.blobs import S3BlobStore
from airut.adapters.s3.bucket import Bucket
from airut.errors import BlobCorrupt, BlobMissing
from airut.models.blob import BlobRef, PassingBlob, SweptBlobs
from airut.ports.blobs import KeptBlobs
from tests.support.s3 import BUCKET, CREDENTIALS, S3Server, running_s3

CONTENT = b"the same bytes\0are the same blob\n"
REF = BlobRef(sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))
DAY = timedelta(days=1)


class Kept(Protocol):
    """A store, and what stands behind it. `new()` is another process's."""

    def new(self) -> KeptBlobs: ...

    def names(self) -> list[str]: ...

    def age(self, ref: BlobRef, by: timedelta = 4 * DAY) -> None: ...

    def damage(self, ref: BlobRef, content: bytes) -> None: ...


class InFolder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def new(self) -> KeptBlobs:
        return LocalBlobStore(self._root)

    def names(self) -> list[str]:
        return sorted(path.name for path in self._root.rglob("*") if path.is_file())

    def age(self, ref: BlobRef, by: timedelta = 4 * DAY) -> None:
        then = time.time() - by.total_seconds()
        os.utime(self._path(ref), (then, then))

    def damage(self, ref: BlobRef, content: bytes) -> None:
        self._path(ref).write_bytes(content)

    def _path(self, ref: BlobRef) -> Path:
        return self._root / ref.sha256[:2] / ref.sha256


class InBucket:
    def __init__(self, server: S3Server, bucket: Bucket) -> None:
        self._server, self._bucket = server, bucket

    def new(self) -> KeptBlobs:
        return S3BlobStore(self._bucket, "blobs")

    def names(self) -> list[str]:
        return [key.rpartition("/")[2] for key in self._server.names()]

    def age(self, ref: BlobRef, by: timedelta = 4 * DAY) -> None:
        self._server.age(f"blobs/{ref.sha256}", by)

    def damage(self, ref: BlobRef, content: bytes) -> None:
        self._server.damage(f"blobs/{ref.sha256}", content)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3() as found:
        yield found


@pytest.fixture(scope="module")
def bucket(server: S3Server) -> Bucket:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        return Bucket(BUCKET, server.endpoint)


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server, bucket: Bucket) -> Kept:
    if request.param == "folder":
        return InFolder(tmp_path / "blobs")
    server.empty()
    return InBucket(server, bucket)


@pytest.mark.parametrize("content", [b"", b"x", CONTENT, os.urandom(2 * 1024**2)], ids=["empty", "one", "text", "2MiB"])
async def test_what_is_put_is_got(kept: Kept, content: bytes) -> None:
    ref = await kept.new().put(content)
    assert ref == BlobRef(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    assert await kept.new().get(ref) == content


async def test_same_bytes_twice_are_one(kept: Kept) -> None:
    assert await kept.new().put(CONTENT) == await kept.new().put(CONTENT) == REF
    assert kept.names() == [REF.sha256]


async def test_missing_and_of_another_size(kept: Kept) -> None:
    with pytest.raises(BlobMissing, match=REF.sha256):
        await kept.new().get(REF)
    await kept.new().put(CONTENT)
    with pytest.raises(BlobCorrupt):
        await kept.new().get(BlobRef(sha256=REF.sha256, size=REF.size + 1))


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], CONTENT + b"x", b"X" + CONTENT[1:]])
async def test_corruption_is_seen_and_mended_by_the_next_put(kept: Kept, damage: bytes) -> None:
    store = kept.new()
    await store.put(CONTENT)
    kept.damage(REF, damage)
    with pytest.raises(BlobCorrupt, match=REF.sha256):
        await store.get(REF)
    await store.put(CONTENT)
    assert await store.get(REF) == CONTENT


# --- how long it stays -------------------------------------------------------------------------------------------------


async def test_what_nobody_used_goes_and_the_rest_stays(kept: Kept) -> None:
    store = kept.new()
    names = ("unused", "young", "put again", "got", "renewed")
    refs = {name: await store.put(name.encode()) for name in names}
    for name in names:
        if name != "young":
            kept.age(refs[name])
    await store.put(b"put again")
    await store.get(refs["got"])
    await store.renew((refs["renewed"], BlobRef(sha256="0" * 64, size=1)))
    assert await store.delete_unused(datetime.now(UTC) - DAY) == SweptBlobs(count=1, bytes=len("unused"))
    assert await store.delete_unused(datetime.now(UTC) - DAY) == SweptBlobs()
    with pytest.raises(BlobMissing):
        await store.get(refs.pop("unused"))
    assert [await store.get(ref) for ref in refs.values()] == [name.encode() for name in refs]
    assert kept.names() == sorted(ref.sha256 for ref in refs.values())


async def test_an_empty_store(kept: Kept) -> None:
    assert await kept.new().delete_unused(datetime.now(UTC) - DAY) == SweptBlobs()


async def test_nothing_is_lost_to_a_sweep_that_runs_meanwhile(kept: Kept) -> None:
    """Writers put, get and renew the same old bytes while sweeps run without end: whatever was used is there."""
    store, over = kept.new(), threading.Event()
    contents = [f"blob {number}".encode() for number in range(6)]

    def sweeps() -> None:
        while not over.is_set():
            asyncio.run(kept.new().delete_unused(datetime.now(UTC) - DAY))

    sweeper = threading.Thread(target=sweeps)
    sweeper.start()
    try:
        for _ in range(8):
            refs = await asyncio.gather(*map(store.put, contents))
            assert await asyncio.gather(*map(store.get, refs)) == contents
            for ref in refs:
                try:
                    kept.age(ref)
                except (FileNotFoundError, KeyError):
                    continue  # in a sweep's hand
    finally:
        over.set()
        sweeper.join()


# --- what the next one makes useless -----------------------------------------------------------------------------------


async def put(store: KeptBlobs, _: BlobRef) -> None:
    await store.put(CONTENT)


async def put_in_passing(store: KeptBlobs, _: BlobRef) -> None:
    assert (await store.put_passing(CONTENT)).mark is None


async def got(store: KeptBlobs, ref: BlobRef) -> None:
    await store.get(ref)


async def renewed(store: KeptBlobs, ref: BlobRef) -> None:
    await store.renew((ref,))


async def test_a_passing_blob_that_nobody_else_uses_goes_once(kept: Kept) -> None:
    store = kept.new()
    blob = await store.put_passing(CONTENT)
    assert await store.drop(blob)
    assert kept.names() == []
    assert not await store.drop(blob)
    with pytest.raises(BlobMissing):
        await store.get(blob.ref)
    assert await store.get(await store.put(CONTENT)) == CONTENT


@pytest.mark.parametrize("use", [put, put_in_passing, got, renewed])
async def test_a_passing_blob_that_somebody_uses_stays(
    kept: Kept, use: Callable[[KeptBlobs, BlobRef], Awaitable[None]]
) -> None:
    store = kept.new()
    blob = await store.put_passing(CONTENT)
    await use(kept.new(), blob.ref)
    assert not await store.drop(blob)
    assert await store.get(blob.ref) == CONTENT
    assert kept.names() == [blob.ref.sha256]


async def test_what_was_there_before_stays(kept: Kept) -> None:
    store = kept.new()
    ref = await store.put(CONTENT)
    blob = await store.put_passing(CONTENT)
    assert blob == PassingBlob(ref=ref)
    assert not await store.drop(blob)
    assert await store.get(ref) == CONTENT

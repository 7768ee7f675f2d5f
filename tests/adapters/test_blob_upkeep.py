"""How long a blob stays: as long as somebody puts, gets or renews it."""

import asyncio
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.errors import BlobMissing
from airut.models.blob import BlobRef, SweptBlobs

DAY = timedelta(days=1)


def cutoff() -> datetime:
    return datetime.now(UTC) - DAY


def age(root: Path, ref: BlobRef, by: timedelta = 2 * DAY) -> Path:
    """As if it had last been used that long ago."""
    path = root / ref.sha256[:2] / ref.sha256
    then = time.time() - by.total_seconds()
    os.utime(path, (then, then))
    return path


async def test_what_nobody_used_goes_and_the_rest_stays(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    names = ("unused", "young", "put again", "got", "renewed")
    refs = {name: await store.put(name.encode()) for name in names}
    for name in names:
        if name != "young":
            age(tmp_path, refs[name])
    await store.put(b"put again")
    await store.get(refs["got"])
    await store.renew((refs["renewed"], BlobRef(sha256="0" * 64, size=1)))
    assert await store.delete_unused(cutoff()) == SweptBlobs(count=1, bytes=len("unused"))
    assert await store.delete_unused(cutoff()) == SweptBlobs()
    with pytest.raises(BlobMissing):
        await store.get(refs.pop("unused"))
    assert [await store.get(ref) for ref in refs.values()] == [name.encode() for name in refs]


async def test_an_empty_store(tmp_path: Path) -> None:
    assert await LocalBlobStore(tmp_path / "absent").delete_unused(cutoff()) == SweptBlobs()


async def test_a_sweep_that_was_killed_is_finished(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    old, used = await store.put(b"old"), await store.put(b"used")
    (tmp_path / "leaving").mkdir()
    age(tmp_path, old).rename(tmp_path / "leaving" / old.sha256)
    (tmp_path / used.sha256[:2] / used.sha256).rename(tmp_path / "leaving" / used.sha256)
    assert await store.get(used) == b"used"  # also while it is in hand
    assert await store.delete_unused(cutoff()) == SweptBlobs(count=1, bytes=3)
    assert (tmp_path / used.sha256[:2] / used.sha256).is_file()
    assert list((tmp_path / "leaving").iterdir()) == []


async def test_what_dead_writers_left_goes(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    await store.put(b"x")
    dead, writing = tmp_path / "incoming" / "dead", tmp_path / "incoming" / "writing"
    dead.write_bytes(b"half")
    writing.write_bytes(b"half")
    then = time.time() - 25 * 3600
    os.utime(dead, (then, then))
    await store.delete_unused(cutoff())
    assert (dead.exists(), writing.exists()) == (False, True)


async def test_nothing_is_lost_to_a_sweep_that_runs_meanwhile(tmp_path: Path) -> None:
    """Writers put the same old bytes while sweeps run without end: whatever was put is there."""
    store = LocalBlobStore(tmp_path)
    contents = [f"blob {number}".encode() for number in range(20)]
    over = threading.Event()

    def sweeps() -> None:
        while not over.is_set():
            asyncio.run(store.delete_unused(cutoff()))

    sweeper = threading.Thread(target=sweeps)
    sweeper.start()
    try:
        for _ in range(30):
            refs = await asyncio.gather(*map(store.put, contents))
            assert await asyncio.gather(*map(store.get, refs)) == contents
            for ref in refs:
                try:
                    age(tmp_path, ref)
                except FileNotFoundError:
                    continue  # in a sweep's hand
    finally:
        over.set()
        sweeper.join()

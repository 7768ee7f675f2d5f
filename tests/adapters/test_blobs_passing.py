"""Blobs that the next one makes useless: they go, and never what anybody else has come to rely on."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.errors import BlobMissing
from airut.models.blob import BlobRef, PassingBlob

CONTENT = b"a transcript as it was at noon\n"


async def put(store: LocalBlobStore, _: BlobRef) -> None:
    await store.put(CONTENT)


async def put_in_passing(store: LocalBlobStore, _: BlobRef) -> None:
    assert (await store.put_passing(CONTENT)).mark is None


async def got(store: LocalBlobStore, ref: BlobRef) -> None:
    await store.get(ref)


async def renewed(store: LocalBlobStore, ref: BlobRef) -> None:
    await store.renew((ref,))


async def swept(store: LocalBlobStore, _: BlobRef) -> None:
    """A sweep that looks at everything, and finds it young enough."""
    await store.delete_unused(datetime.now(UTC) - timedelta(hours=1))


def files_below(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file()]


async def test_what_nobody_else_uses_goes_once(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    blob = await store.put_passing(CONTENT)
    assert await store.drop(blob)
    assert files_below(tmp_path) == []
    assert not await store.drop(blob)
    with pytest.raises(BlobMissing):
        await store.get(blob.ref)
    assert await store.get(await store.put(CONTENT)) == CONTENT


@pytest.mark.parametrize("use", [put, put_in_passing, got, renewed])
async def test_what_somebody_uses_stays(
    tmp_path: Path, use: Callable[[LocalBlobStore, BlobRef], Awaitable[None]]
) -> None:
    store = LocalBlobStore(tmp_path)
    blob = await store.put_passing(CONTENT)
    await use(LocalBlobStore(tmp_path), blob.ref)
    assert not await store.drop(blob)
    assert await store.get(blob.ref) == CONTENT
    assert files_below(tmp_path) == [blob.ref.sha256]


async def test_what_was_there_before_stays(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    ref = await store.put(CONTENT)
    blob = await store.put_passing(CONTENT)
    assert blob == PassingBlob(ref=ref)
    assert not await store.drop(blob)
    assert await store.get(ref) == CONTENT


async def test_a_damaged_one_is_written_anew(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    ref = await store.put(CONTENT)
    (tmp_path / ref.sha256[:2] / ref.sha256).write_bytes(b"torn")
    assert (await store.put_passing(CONTENT)).mark is None
    assert await store.get(ref) == CONTENT


async def test_a_sweep_is_no_use_of_it_and_takes_it_when_it_is_old(tmp_path: Path) -> None:
    store = LocalBlobStore(tmp_path)
    first, second = await store.put_passing(CONTENT), await store.put_passing(b"another")
    await swept(store, first.ref)
    assert await store.drop(first)
    await store.delete_unused(datetime.now(UTC) + timedelta(minutes=1))
    assert not await store.drop(second)
    assert files_below(tmp_path) == []

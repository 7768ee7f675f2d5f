"""What only a bucket does: errors in words, pages of a list, sweeps that died."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airut.adapters.s3.blobs import LEAVING_MOST, S3BlobStore
from airut.adapters.s3.bucket import REMEDIES, Bucket, remedy
from airut.adapters.stores import stores
from airut.demo.ports import free_port
from airut.errors import AirutError, BlobsUnavailable
from airut.models.blob import SweptBlobs
from tests.support.s3 import BUCKET, CREDENTIALS, S3Server, running_s3

DAY = timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3() as found:
        yield found


async def test_a_bucket_that_is_not_there_is_named_with_what_to_do(server: S3Server) -> None:
    store = S3BlobStore(Bucket("not-made", server.endpoint), "blobs")
    with pytest.raises(BlobsUnavailable) as raised:
        await store.put(b"x")
    assert str(raised.value) == (
        f"bucket not-made at {server.endpoint} refused PutObject (NoSuchBucket); make the bucket, or correct blobs.bucket"
    )


async def test_a_store_that_does_not_answer_is_worth_a_retry() -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(BlobsUnavailable) as raised:
        await S3BlobStore(Bucket(BUCKET, endpoint), "blobs").put(b"x")
    assert str(raised.value).startswith(f"bucket {BUCKET} at {endpoint} cannot be asked: Could not connect")
    assert isinstance(raised.value, AirutError)
    assert isinstance(raised.value, OSError)  # as of a disk: whoever bridges that bridges this
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in str(raised.value)


def test_every_remedy_is_one_and_what_is_unknown_is_tried_again() -> None:
    assert remedy("SlowDown") == "it is tried again; the store's own log says more"
    assert all(remedy(code) == words and words for code, words in REMEDIES.items())


async def test_a_list_goes_on_where_its_page_ends(server: S3Server) -> None:
    server.empty()
    bucket = Bucket(BUCKET, server.endpoint, page=2)
    for number in range(5):
        await bucket.put(f"listed/{number}", b"x")
    await bucket.put("other", b"x")
    assert [found.key async for found in bucket.list("listed/")] == [f"listed/{number}" for number in range(5)]


async def test_a_sweep_that_died_holds_nobody_up_and_leaves_nothing(server: S3Server) -> None:
    server.empty()
    bucket = Bucket(BUCKET, server.endpoint)
    store = S3BlobStore(bucket, "blobs")
    ref = await store.put(b"used again")
    mark = f"blobs-leaving/{ref.sha256}/0123"
    await bucket.put(mark, b"")
    server.age(mark, timedelta(seconds=3 * LEAVING_MOST))
    server.age(f"blobs/{ref.sha256}", 4 * DAY)
    await store.put(b"used again")  # does not wait for the mark to go
    assert await store.delete_unused(datetime.now(UTC) - DAY) == SweptBlobs()
    assert server.names() == [f"blobs/{ref.sha256}"]


async def test_a_blob_that_is_used_all_day_is_written_once(server: S3Server) -> None:
    server.empty()
    store = S3BlobStore(Bucket(BUCKET, server.endpoint), "blobs")
    ref = await store.put(b"read all day")
    server.age(f"blobs/{ref.sha256}", timedelta(hours=23))
    before = await Bucket(BUCKET, server.endpoint).head(f"blobs/{ref.sha256}")
    await store.put(b"read all day")
    await store.get(ref)
    assert await Bucket(BUCKET, server.endpoint).head(f"blobs/{ref.sha256}") == before
    # And such a one has a day more before a sweep takes it.
    assert await store.delete_unused(datetime.now(UTC)) == SweptBlobs()


async def test_what_machines_share_lies_side_by_side(server: S3Server, tmp_path: Path) -> None:
    server.empty()
    for found in (stores(BUCKET, server.endpoint, tmp_path), stores(None, None, tmp_path / "shared" / "blobs")):
        blob, payload = await found.blobs.put(b"a text"), await found.payloads.put(b"a value")
        assert (await found.blobs.get(blob), await found.payloads.get(payload)) == (b"a text", b"a value")
        assert [await found.fingerprint(own) for own in (b"first\n", b"second\n", b"first\n")] == [b"first\n"] * 3
    assert [key.partition("/")[0] for key in server.names()] == ["blobs", "payloads", "surrogate.fingerprint"]
    assert sorted(path.name for path in (tmp_path / "shared").iterdir()) == [
        "blobs", "payloads", "surrogate.fingerprint"
    ]  # fmt: skip

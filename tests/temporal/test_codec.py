"""What becomes of values between us and what Temporal records: sizes, keys, damage."""

import asyncio
import base64
import os
import zlib
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.codec_settings import CodecSettings
from airut.errors import PayloadError
from airut.models.blob import Text
from airut.models.credentials.secret import Secret
from airut.temporal.codec import THRESHOLD, data_converter

OLD, NEW = base64.b64encode(b"o" * 32).decode(), base64.b64encode(b"n" * 32).decode()


def settings(active: str | None = None, *, enabled: bool = True, **keys: str) -> CodecSettings:
    secrets = {key_id: Secret(key) for key_id, key in keys.items()}
    return CodecSettings(enabled=enabled and active is not None, keys=secrets, active=active)


PLAIN = settings()
ENCRYPTED = settings("new", new=NEW, old=OLD)


def converter(folder: Path, codec: CodecSettings = PLAIN, namespace: str = "airut") -> DataConverter:
    return data_converter(codec, namespace, LocalBlobStore(folder))


def blobs(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def noise(size: int) -> str:
    """Text that does not compress to less than three quarters."""
    return base64.b64encode(os.urandom(size)).decode()[:size]


@pytest.mark.parametrize("codec", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])
@pytest.mark.parametrize(
    ("text", "encoding", "files"),
    [
        ("short", "json/plain", 0),
        ("x" * (THRESHOLD - 200), "json/plain", 0),
        ("x" * (THRESHOLD + 1), "binary/zlib", 0),
        (noise(2 * THRESHOLD), "json/airut-blob", 1),
        (noise(30 * 1024**2), "json/airut-blob", 1),
        ("ä" * 30 * 1024**2, "json/airut-blob", 1),
    ],
    ids=["short", "just inline", "compressed", "blob", "30 MiB of noise", "60 MiB of one letter"],
)
async def test_what_goes_in_comes_out(
    tmp_path: Path, codec: CodecSettings, text: str, encoding: str, files: int
) -> None:
    [payload] = await converter(tmp_path, codec).encode([Text(inline=text)])
    recorded = payload.metadata["encoding"].decode()
    inline = "binary/encrypted" if codec.enabled else encoding
    assert recorded == (encoding if files else inline)
    assert len(blobs(tmp_path)) == files
    assert payload.ByteSize() <= THRESHOLD + 200
    assert not files or payload.ByteSize() < 200
    assert await converter(tmp_path, codec).decode([payload], [Text]) == [Text(inline=text)]


@pytest.mark.parametrize("codec", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])
async def test_histories_from_before_any_codec_are_read(tmp_path: Path, codec: CodecSettings) -> None:
    payloads = await pydantic_data_converter.encode([Text(inline="as it was"), None, 3, b"bytes"])
    read = await converter(tmp_path, codec).decode(payloads, [Text, type(None), int, bytes])
    assert read == [Text(inline="as it was"), None, 3, b"bytes"]


async def test_the_same_value_is_never_encrypted_to_the_same_bytes(tmp_path: Path) -> None:
    payloads = await converter(tmp_path, ENCRYPTED).encode(["the same"] * 100)
    assert len({payload.data for payload in payloads}) == 100
    assert {payload.metadata["encryption-key-id"] for payload in payloads} == {b"new"}
    assert not any(b"the same" in payload.SerializeToString() for payload in payloads)


async def test_what_lies_in_the_blob_store_is_encrypted_too(tmp_path: Path) -> None:
    text = "canary " + noise(2 * THRESHOLD)
    for folder, codec in ((tmp_path / "plain", PLAIN), (tmp_path / "encrypted", ENCRYPTED)):
        await converter(folder, codec).encode([text])
    [plain], [encrypted] = blobs(tmp_path / "plain"), blobs(tmp_path / "encrypted")
    assert Payload.FromString(plain.read_bytes()).metadata["encoding"] == b"binary/zlib"
    assert Payload.FromString(encrypted.read_bytes()).metadata["encoding"] == b"binary/encrypted"


@pytest.mark.parametrize(
    "later",
    [
        settings("new", new=NEW, old=OLD),
        settings("old", old=OLD),
        settings("old", old=OLD, enabled=False),
    ],
    ids=["another is active", "the same", "no longer enabled"],
)
async def test_old_keys_go_on_decrypting(tmp_path: Path, later: CodecSettings) -> None:
    payloads = await converter(tmp_path, settings("old", old=OLD)).encode(["short", noise(2 * THRESHOLD)])
    values = await converter(tmp_path, settings("old", old=OLD)).decode(payloads, [str, str])
    assert await converter(tmp_path, later).decode(payloads, [str, str]) == values


def altered(payload: Payload, at: int) -> Payload:
    data = bytearray(payload.data)
    data[at] ^= 1
    return Payload(metadata=payload.metadata, data=bytes(data))


async def test_what_cannot_be_decrypted_says_why_and_what_to_do(tmp_path: Path) -> None:
    [payload] = await converter(tmp_path, ENCRYPTED).encode(["short"])
    altered_or = "does not decrypt with key 'new': it was altered, or written for another namespace than"
    cases = [
        (PLAIN, "airut", payload, "key 'new', which is not under temporal.codec.keys; add that key again"),
        (settings("old", old=OLD), "airut", payload, "key 'new', which is not under temporal.codec.keys"),
        (settings("new", new=OLD), "airut", payload, "or temporal.codec.keys holds another key under this id"),
        (ENCRYPTED, "other", payload, f"{altered_or} 'other'"),
        (ENCRYPTED, "airut", altered(payload, 0), f"{altered_or} 'airut'"),
        (ENCRYPTED, "airut", altered(payload, 14), f"{altered_or} 'airut'"),
        (ENCRYPTED, "airut", altered(payload, -1), f"{altered_or} 'airut'"),
        (ENCRYPTED, "airut", Payload(metadata=payload.metadata, data=payload.data[:10]), "does not decrypt"),
        (ENCRYPTED, "airut", Payload(metadata={"encoding": b"binary/encrypted"}, data=payload.data), "key '', which"),
    ]
    for codec, namespace, recorded, expected in cases:
        with pytest.raises(PayloadError) as raised:
            await converter(tmp_path, codec, namespace).decode([recorded], [str])
        assert expected in str(raised.value)
        assert NEW not in str(raised.value)


async def test_a_blob_that_is_gone_or_damaged_is_named_and_read_again_once_it_is_back(tmp_path: Path) -> None:
    text = noise(2 * THRESHOLD)
    [payload] = await converter(tmp_path).encode([text])
    [blob] = blobs(tmp_path)
    whole = blob.read_bytes()
    blob.unlink()
    with pytest.raises(PayloadError, match=rf"no blob {blob.name}\); put this blob back from a backup"):
        await converter(tmp_path).decode([payload], [str])
    blob.write_bytes(whole[:-1])
    with pytest.raises(PayloadError, match=rf"blob {blob.name} does not have its digest or size any more"):
        await converter(tmp_path).decode([payload], [str])
    blob.write_bytes(whole)
    assert await converter(tmp_path).decode([payload], [str]) == [text]


@pytest.mark.parametrize(
    ("encoding", "data", "expected"),
    [
        (b"json/airut-blob", b"{}", "reference into the blob store is damaged"),
        (b"binary/zlib", b"no zlib", "what was compressed cannot be read"),
        (b"binary/zlib", b"", "its end is missing"),
    ],
)
async def test_damaged_records(tmp_path: Path, encoding: bytes, data: bytes, expected: str) -> None:
    with pytest.raises(PayloadError, match=expected):
        await converter(tmp_path).decode([Payload(metadata={"encoding": encoding}, data=data)], [str])


async def test_a_record_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(b"\0" * 1024**2) for _ in range(257)) + packer.flush()
    with pytest.raises(PayloadError, match="larger than 256 MiB"):
        await converter(tmp_path).decode([Payload(metadata={"encoding": b"binary/zlib"}, data=bomb)], [str])


@pytest.mark.parametrize("codec", [PLAIN, ENCRYPTED], ids=["plain", "encrypted"])
async def test_many_at_once_keep_their_order(tmp_path: Path, codec: CodecSettings) -> None:
    both = [converter(tmp_path, codec), converter(tmp_path, codec)]
    values = [[f"{call}.{number} " + noise(number * 4096) for number in range(12)] for call in range(8)]
    encoded = await asyncio.gather(*(both[call % 2].encode(value) for call, value in enumerate(values)))
    decoded = await asyncio.gather(
        *(both[(call + 1) % 2].decode(payloads, [str] * 12) for call, payloads in enumerate(encoded))
    )
    assert decoded == values

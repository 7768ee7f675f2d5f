"""What the machines of an installation share, in a folder that all of them see or in a bucket."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from airut.adapters.archives_local import LocalArchives
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.keys import made_once
from airut.ports.archives import Archives
from airut.ports.blobs import KeptBlobs

FINGERPRINT = "surrogate.fingerprint"


@dataclass(frozen=True)
class Stores:
    place: str
    """For people."""
    blobs: KeptBlobs
    payloads: KeptBlobs
    """Values too large for a history. Apart from `blobs`: they are needed as long as a history names them, whatever
    their age, so nothing may sweep them by age."""
    archives: Archives
    fingerprint: Callable[[bytes], Awaitable[bytes]]
    """What is kept as the fingerprint of the surrogates' key: this, where nothing was before."""


def stores(bucket: str | None, endpoint: str | None, folder: Path) -> Stores:
    """Those of a bucket, where one is named; else of a folder."""
    return in_bucket(bucket, endpoint) if bucket is not None else in_folder(folder)


def in_folder(blobs: Path) -> Stores:
    """The blobs' own folder; the others are its neighbours."""
    return Stores(
        place=str(blobs),
        blobs=LocalBlobStore(blobs),
        payloads=LocalBlobStore(blobs.with_name("payloads")),
        archives=LocalArchives(blobs.with_name("archive")),
        fingerprint=lambda own: asyncio.to_thread(made_once, blobs.with_name(FINGERPRINT), own),
    )


@cache
def in_bucket(name: str, endpoint: str | None) -> Stores:
    """One client for all of a process."""
    from airut.adapters.s3.archives import S3Archives  # botocore takes half a second to load, which only this needs
    from airut.adapters.s3.blobs import S3BlobStore
    from airut.adapters.s3.bucket import Bucket

    bucket = Bucket(name, endpoint)

    async def fingerprint(own: bytes) -> bytes:
        if await bucket.put_new(FINGERPRINT, own):
            return own
        found = await bucket.get(FINGERPRINT)
        return found[1] if found is not None else own

    return Stores(
        place=bucket.where,
        blobs=S3BlobStore(bucket, "blobs"),
        payloads=S3BlobStore(bucket, "payloads"),
        archives=S3Archives(bucket),
        fingerprint=fingerprint,
    )

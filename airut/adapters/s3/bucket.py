"""One bucket of an S3-compatible store: whole objects, in and out.

Requests are signed (SigV4) by botocore, which finds its credentials as all of AWS's tools do: environment, profile,
role of the machine.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from airut.errors import BlobsUnavailable, NoSpace
from airut.models.base import Model

CONNECT, READ, TRIES = 5, 30, 4
"""Seconds, seconds, tries: with botocore's own back-off a store that restarts is bridged, and the activity's or the
workflow's own retries do the rest."""
CONNECTIONS = 20

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
TAKEN = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
FULL = frozenset({"507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})


class Stored(Model):
    """An object without its bytes. `etag` is the MD5 of them in most stores, and anything else in others."""

    key: str
    size: int
    etag: str
    modified: datetime
    metadata: Mapping[str, str] = {}


class Bucket:
    """Raises, in every method: BlobsUnavailable: it does not answer, or refuses; says which bucket and what to do."""

    def __init__(self, name: str, endpoint: str | None = None, *, page: int = 1000) -> None:
        """`page` is how many objects a list asks for at once; a thousand is the most that there are."""
        self._name, self._page = name, page
        self.where = f"bucket {name}" + (f" at {endpoint}" if endpoint else "")
        session = botocore.session.get_session()
        self._client: Any = session.create_client(
            "s3",
            endpoint_url=endpoint,
            region_name=session.get_config_variable("region") or "us-east-1",
            config=Config(
                connect_timeout=CONNECT,
                read_timeout=READ,
                retries={"total_max_attempts": TRIES, "mode": "standard"},
                max_pool_connections=CONNECTIONS,
                # Stores other than Amazon's have no bucket names in their host's; Amazon's takes both.
                s3={"addressing_style": "path" if endpoint else "auto"},
                # Checksums that many other stores do not know. Ours are the names of the blobs.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    async def put(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Durably; in place of what was there. Raises: NoSpace"""
        await self._asked(
            lambda: self._client.put_object(Bucket=self._name, Key=key, Body=body, Metadata=dict(metadata or {}))
        )

    async def put_new(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> bool:
        """Whether it was not there before: nobody else's is replaced. Raises: NoSpace"""
        done = await self._asked(
            lambda: self._client.put_object(
                Bucket=self._name, Key=key, Body=body, Metadata=dict(metadata or {}), IfNoneMatch="*"
            ),
            TAKEN,
        )
        return done is not None

    async def get(self, key: str) -> tuple[Stored, bytes] | None:
        def got() -> tuple[Stored, bytes]:
            found = self._client.get_object(Bucket=self._name, Key=key)
            return _stored(key, found), found["Body"].read()

        found: tuple[Stored, bytes] | None = await self._asked(got, MISSING)
        return found

    async def head(self, key: str) -> Stored | None:
        found: Stored | None = await self._asked(
            lambda: _stored(key, self._client.head_object(Bucket=self._name, Key=key)), MISSING
        )
        return found

    async def touch(self, key: str) -> bool:
        """Count it as written now, without metadata; whether it is there."""
        source = {"Bucket": self._name, "Key": key}
        done = await self._asked(
            lambda: self._client.copy_object(
                Bucket=self._name, Key=key, CopySource=source, Metadata={}, MetadataDirective="REPLACE"
            ),
            MISSING,
        )
        return done is not None

    async def delete(self, key: str) -> None:
        """It is not there afterwards, whether or not it was before."""
        await self._asked(lambda: self._client.delete_object(Bucket=self._name, Key=key))

    async def list(self, prefix: str) -> AsyncIterator[Stored]:
        """What lies below this prefix, without metadata."""
        more: dict[str, str] = {}
        while True:
            asked = partial(self._client.list_objects_v2, Bucket=self._name, Prefix=prefix, MaxKeys=self._page, **more)
            page = await self._asked(asked)
            for each in page.get("Contents", ()):
                yield Stored(key=each["Key"], size=each["Size"], etag=each["ETag"], modified=each["LastModified"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    async def _asked(self, call: Callable[[], Any], no: frozenset[str] = frozenset()) -> Any:
        """None where it is refused for one of these reasons."""
        try:
            return await asyncio.to_thread(call)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in no:
                return None
            if code in FULL:
                raise NoSpace(f"no space in {self.where}") from error
            raise BlobsUnavailable(f"{self.where} refused {error.operation_name} ({code}); {remedy(code)}") from error
        except (BotoCoreError, HTTPClientError, OSError) as error:  # their words hold neither keys nor signatures
            raise BlobsUnavailable(f"{self.where} cannot be asked: {error}") from error


def remedy(code: str) -> str:
    """What an operator does about a store's error code."""
    return REMEDIES.get(code, "it is tried again; the store's own log says more")


REMEDIES = {
    "NoSuchBucket": "make the bucket, or correct blobs.bucket",
    "AccessDenied": "its credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket",
    "InvalidAccessKeyId": "the store does not know this AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY is another one than the store has",
    "ExpiredToken": "the credentials have expired",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "PermanentRedirect": "the bucket lies in another region; set AWS_REGION",
    "301": "the bucket lies in another region; set AWS_REGION",
    "403": "its credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket",
}


def _stored(key: str, found: Any) -> Stored:
    return Stored(
        key=key,
        size=found["ContentLength"],
        etag=found["ETag"],
        modified=found["LastModified"],
        metadata=found.get("Metadata", {}),
    )

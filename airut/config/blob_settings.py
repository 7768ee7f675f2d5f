"""`blobs` of `airut.yaml`: where texts, files and what is too large for Temporal lie."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from airut.config.paths import FolderPath
from airut.models.base import Model
from airut.models.values.durations import Seconds
from airut.models.values.loopback import is_loopback


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"{url!r} is not the address of a store; write https://s3.example.org")
    if parts.username or parts.password:
        raise ValueError(
            "an address holds no user or password; the store's credentials come from AWS_ACCESS_KEY_ID and so on"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{url} would send messages and files in the clear; write https://")
    return url.rstrip("/")


class BlobSettings(Model):
    """Texts and files of messages, transcripts, archives of ended threads, and values too large for Temporal."""

    kind: Literal["local", "s3"] = "local"
    """`s3` is a bucket of Amazon S3 or of any store that speaks its protocol. Credentials and region come from AWS's
    own environment (`AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, a role of the machine, `AWS_REGION`)."""
    path: FolderPath | None = None
    """The folder of `local`; null is `blobs` below `state_dir`. Several hosts share one."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    """The bucket of `s3`, which holds nothing else. It must exist."""
    endpoint: Annotated[str, AfterValidator(_endpoint)] | None = None
    """Address of a store that is not Amazon's."""
    retention: Annotated[Seconds, Field(ge=86400)] = 180 * 86400.0
    """Since a blob was last written or read."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind == "s3":
            if self.bucket is None:
                raise ValueError("kind: s3 needs bucket")
            if self.path is not None:
                raise ValueError("path is for kind: local; a bucket has none")
        elif self.bucket is not None or self.endpoint is not None:
            raise ValueError("bucket and endpoint are for kind: s3")
        return self

    @property
    def shared(self) -> str | Path | None:
        """What machines of one installation have in common; None where it is one machine."""
        return f"s3:{self.endpoint or ''}/{self.bucket}" if self.kind == "s3" else self.path

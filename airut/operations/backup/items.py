"""What a backup holds, and what is somebody else's part. Pure."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from airut.config.schema import Config
from airut.models.base import Model


class Kind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    FILES = "files"
    """A log: its file, and those beside it that were full, which have a number in their names."""
    DATABASE = "database"
    """Of SQLite: it is copied while others write to it."""


class Item(Model):
    """`name` is the first part of its members' names in the archive."""

    name: str
    path: Path
    kind: Kind


def items(config: Config, file: Path) -> Iterator[Item]:
    """In this order: what a database names is copied after it, so that nothing it names is missing."""
    yield Item(name="airut.yaml", path=file, kind=Kind.FILE)
    if config.temporal.mode == "embedded":
        database = config.temporal.database or config.state / "temporal.db"
        yield Item(name="temporal.db", path=database, kind=Kind.DATABASE)
    yield Item(name="logins.db", path=config.logins, kind=Kind.DATABASE)
    if config.blobs.kind == "local":
        yield Item(name="archive", path=config.archives, kind=Kind.FOLDER)
        yield Item(name="payloads", path=config.payloads, kind=Kind.FOLDER)
        yield Item(name="blobs", path=config.blob_folder, kind=Kind.FOLDER)
        yield Item(name="surrogate.fingerprint", path=config.surrogate_fingerprint, kind=Kind.FILE)
    yield Item(name="ca", path=config.state / "ca", kind=Kind.FOLDER)
    yield Item(name="surrogate.key", path=config.surrogate_key, kind=Kind.FILE)
    yield Item(name="slack", path=config.state / "slack", kind=Kind.FOLDER)
    yield Item(name="audit", path=config.audit_file, kind=Kind.FILES)
    yield Item(name="version", path=config.state / "version", kind=Kind.FILE)


def files_of(log: Path) -> list[Path]:
    """All that there are, the full ones first."""
    return sorted({*log.parent.glob(f"{log.name}*"), *log.parent.glob(f"{log.stem}-*{log.suffix}")})


def elsewhere(config: Config) -> tuple[str, ...]:
    """What the operator has to see to."""
    found = ["workspaces: threads go on from what they pushed last, and from their stored sessions"]
    if config.temporal.mode == "external":
        found.append("the external Temporal's database")
    if config.blobs.kind == "s3":
        found.append(f"bucket {config.blobs.bucket}: blobs, large values and archives of ended threads")
    return tuple(found)

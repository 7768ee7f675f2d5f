"""A folder with images that a CI keeps for later jobs: what is in it, and whether to believe it.

Whoever runs anything in a job of the same repository can write into such a cache: another job's tests, a dependency of
another job's tests. So nothing in the folder is believed before it is checked, and a digest that lies beside the file
which it is of proves no more than that nothing broke on the way. What proves who wrote it is the seal: a MAC with a
secret that only jobs of this kind have.
"""

import hashlib
import hmac
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import StringConstraints, ValidationError

from airut.ci.image_keys import ImageKeys
from airut.errors import SandboxError
from airut.models.base import Model

INDEX = "archive.json"
MOST_INDEX = 1 << 16  # bytes; it has a few hundred
SHORTEST_KEY = 32  # characters; fewer could be guessed from a sealed archive, which anybody may read
PIECE = 1 << 20

type Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ArchiveRefused(SandboxError):
    """What lies there is not what a job of ours has left."""


class Contents(Model):
    """`created` is when it was written, `tags` are the names that its images get, `size` is in bytes."""

    version: Literal[1] = 1
    created: datetime
    architecture: str
    keys: ImageKeys
    tags: tuple[str, ...]
    size: int
    sha256: Digest

    @property
    def file(self) -> str:
        """Named after its digest, so that an index never stands beside the file of another."""
        return f"images-{self.sha256}.tar"


class Index(Model):
    """The seal is over the very text of `contents`."""

    contents: str
    seal: Digest | None = None


def sealed(contents: Contents, key: str) -> bytes:
    """What stands in the index of an archive; without a seal where there is no key."""
    text = contents.model_dump_json()
    return Index(contents=text, seal=_seal(text, key) if key else None).model_dump_json().encode()


def opened(index: bytes, key: str) -> Contents:
    """The contents that an index speaks of.

    Raises:
        ArchiveRefused: it is not sealed with this key, or nothing of ours.
    """
    try:
        found = Index.model_validate_json(index)
        if key and not (found.seal and hmac.compare_digest(found.seal, _seal(found.contents, key))):
            raise ArchiveRefused(
                "it is not sealed with this key, so that anybody may have written it; remove it, or give it up"
                " (cache-version)"
            )
        return Contents.model_validate_json(found.contents)
    except (ValidationError, RecursionError) as error:
        raise ArchiveRefused(f"{INDEX} is none of this version of airut-sandbox") from error


def check_key(key: str) -> str:
    """Raises: ArchiveRefused: it is too short to keep anybody out."""
    if key and len(key) < SHORTEST_KEY:
        raise ArchiveRefused(f"AIRUT_IMAGE_KEY must have {SHORTEST_KEY} characters or more: `openssl rand -hex 32`")
    return key


def stale(contents: Contents, keys: ImageKeys, architecture: str, now: datetime, most: float | None) -> str:
    """Why an archive is of no use here, in words; empty where it is. `most` is its greatest age in seconds."""
    if contents.architecture != architecture:
        return f"its images are for {contents.architecture}, and this is {architecture}"
    if contents.keys != keys:
        return "it holds the images of other sources"
    age = (now - contents.created).total_seconds()
    if most is not None and not 0 <= age <= most:
        return f"it is {age / 3600:.0f} hours old, and may have {most / 3600:.0f}"
    return ""


def read_index(folder: Path) -> bytes | None:
    """None where there is no archive. Raises: ArchiveRefused"""
    try:
        with regular(folder / INDEX) as file:
            data = file.read(MOST_INDEX + 1)
    except FileNotFoundError:
        return None
    if len(data) > MOST_INDEX:
        raise ArchiveRefused(f"{INDEX} is larger than {MOST_INDEX} bytes")
    return data


@contextmanager
def regular(path: Path) -> Iterator[BinaryIO]:
    """A file that is one, open; of links not even the target is looked at.

    Raises:
        FileNotFoundError
        ArchiveRefused: it is something else, or cannot be read.
    """
    try:
        # Not to wait for whoever writes into a pipe of that name.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ArchiveRefused(f"{path.name} cannot be read as a file: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArchiveRefused(f"{path.name} is not a file")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def check_digest(file: BinaryIO, contents: Contents) -> None:
    """Read the file to its end, before anything else looks at it.

    Raises:
        ArchiveRefused: it is not the one that the index speaks of.
    """
    if os.fstat(file.fileno()).st_size != contents.size:
        raise ArchiveRefused(f"{contents.file} has another size than {INDEX} says")
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    if not hmac.compare_digest(digest.hexdigest(), contents.sha256):
        raise ArchiveRefused(f"{contents.file} has another digest than {INDEX} says")
    file.seek(0)


def _seal(text: str, key: str) -> str:
    return hmac.new(key.encode(), b"airut image archive\0" + text.encode(), hashlib.sha256).hexdigest()

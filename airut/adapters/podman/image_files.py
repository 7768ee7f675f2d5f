"""Images as one file, to be kept between machines: written from the engine's store, and read back into it."""

import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

from airut.adapters.podman.engine import BUILD, PIECE, Engine
from airut.errors import EngineError, SandboxError

INDEX = "manifest.json"
"""The member of an archive that says which names its images get."""
MOST_INDEX = 1 << 20  # bytes; a name and a list of layers for each image take a few thousand
EXPORT = BUILD  # seconds; a gigabyte from a slow disk takes minutes


class ImageFiles:
    """Raises everywhere: EngineUnavailable, EngineError, NoSpace"""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def save(self, tags: Sequence[str], file: BinaryIO) -> None:
        """Write the images of these tags, each layer once."""
        params = {"references": list(tags), "format": "docker-archive"}  # the one format that holds several images
        await self._engine.download("/images/export", "save images", file.write, params, deadline=EXPORT)

    async def load(self, file: BinaryIO, tags: Sequence[str]) -> None:
        """Take in a file that names its images by exactly these tags, and by no other that this host may use."""
        found = named(file)
        if sorted(found) != sorted(tags):
            raise EngineError(
                f"the archive names its images {', '.join(found) or 'not at all'}, and not {', '.join(tags)}"
            )
        file.seek(0)
        said: list[str] = []
        await self._engine.upload("/images/load", "load images", _pieces(file), {}, said.append)
        for line in said:
            if '"Names"' not in line:
                raise EngineError(f"load images: {line[:200]}")

    async def tag(self, tag: str, other: str) -> None:
        """Give an image one more name."""
        repo, _, version = other.rpartition(":")
        await self._engine.post(f"/images/{tag}/tag", f"tag {tag}", params={"repo": repo, "tag": version})

    async def untag(self, tag: str) -> None:
        """Take a name away; with its last one an image goes, unless something stands on it."""
        with suppress(SandboxError):
            await self._engine.delete(f"/images/{tag}", f"remove the name {tag}", params={"force": False})

    async def tags(self, tag: str) -> tuple[str, ...]:
        """All names of an image."""
        found = await self._engine.get(f"/images/{tag}/json", f"inspect image {tag}")
        return tuple((found or {}).get("RepoTags") or ())


def named(file: BinaryIO) -> tuple[str, ...]:
    """The names that an archive would give, without trust in it.

    Raises:
        EngineError: it is no archive, or says so twice.
    """
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            members = [member for member in archive if os.path.normpath(member.name) == INDEX]
            if len(members) != 1 or not members[0].isreg() or members[0].size > MOST_INDEX:
                raise EngineError("the archive does not say once, in a file, which images it holds")
            index = archive.extractfile(members[0])
            text = index.read() if index else b""
    except (tarfile.TarError, OSError, ValueError) as error:
        raise EngineError(f"the archive of images cannot be read: {error}") from error
    return tuple(_names(text))


def _names(text: bytes) -> Iterator[str]:
    try:
        for image in json.loads(text):
            for tag in image["RepoTags"]:
                yield str(tag)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise EngineError("the archive of images does not say which it holds") from error


def _pieces(file: BinaryIO) -> Iterable[bytes]:
    while piece := file.read(PIECE):
        yield piece

"""Images kept between machines that start with none: into a folder, and out of one that is not believed."""

import hashlib
import os
import platform
import re
import secrets
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from airut.adapters.podman.image_files import ImageFiles
from airut.adapters.podman.images import PodmanImages
from airut.adapters.podman.locks import locked
from airut.adapters.podman.marks import OURS
from airut.adapters.podman.settings import RUNTIME
from airut.adapters.podman.sources import BASE
from airut.adapters.podman.store import ImageStore
from airut.ci.image_archive import (
    INDEX,
    ArchiveRefused,
    Contents,
    check_digest,
    opened,
    read_index,
    regular,
    sealed,
    stale,
)
from airut.ci.image_keys import ImageKeys
from airut.errors import NoSpace

BASES = re.compile(rf"{OURS}base:(latest|[a-z]+-[0-9]{{8}})")
"""The names of a base image, which no archive may give to anything but its own."""


class OneImage(Protocol):
    """The proxy's: whose tag follows from its sources and the base."""

    async def ensure(self) -> str: ...

    async def tag(self) -> str: ...


UNSEALED = "; nothing says who made them, since there is no AIRUT_IMAGE_KEY"


@dataclass(frozen=True)
class ImageCache:
    """`container` is the build folder of `repo`, None where it has none; `keys` are what both follow from. `seal` is
    the secret that archives are sealed with, empty where there is none; `most` the greatest age in seconds."""

    store: ImageStore
    files: ImageFiles
    images: PodmanImages
    proxy: OneImage
    repo: str
    container: Path | None
    keys: ImageKeys
    seal: str = ""
    most: float | None = None

    async def build(self) -> str:
        """Make whatever is missing; one line for people. Raises: SandboxError"""
        proxy = await self.proxy.ensure()
        return f"images {await self.images.ensure(self.repo, self.container)} and {proxy} are there"

    async def load(self, folder: Path) -> str:
        """Take in what an earlier job has kept, if it is of use here; one line for people, which says so.

        Raises:
            ArchiveRefused: what lies there is not what a job has kept. The engine has not seen any of it.
            EngineUnavailable, EngineError, NoSpace
        """
        async with _alone():
            index = read_index(folder)
            if index is None:
                return f"there are no images in {folder}: they will be built"
            contents = opened(index, self.seal)
            if why := stale(contents, self.keys, platform.machine(), datetime.now(UTC), self.most):
                return f"the images in {folder} are not used: {why}"
            if await self.store.exists(BASE):
                # Images stand on their base: one of this host's own makes all others of its own, too.
                return f"the images in {folder} are not used: this host has a base image, and builds upon that"
            self._check_names(contents.tags)
            with regular(folder / contents.file) as file:
                check_digest(file, contents)
                await self.files.load(file, contents.tags)
            await self._take_names()
        return f"images of {contents.created:%Y-%m-%d %H:%M} UTC loaded{'' if self.seal else UNSEALED}"

    async def save(self, folder: Path) -> str:
        """Make the images, and keep them in a folder, unless it has them; one line for people.

        Raises:
            ImageMissing, ImageBuildFailed, RegistryUnavailable, EngineUnavailable, EngineError, NoSpace
        """
        built = await self.build()
        async with _alone():
            if self._has(folder):
                return f"{built}, and in {folder}"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            contents = await self._write(folder)
            _place(folder / INDEX, sealed(contents, self.seal))
            for old in folder.glob("images-*"):
                if old.name != contents.file:
                    old.unlink()
        return f"{built}; saved to {folder}, {contents.size / 1024**2:.0f} MiB"

    def _has(self, folder: Path) -> bool:
        try:
            index = read_index(folder)
            if index is None:
                return False
            contents = opened(index, self.seal)
            with regular(folder / contents.file) as file:
                check_digest(file, contents)
        except (ArchiveRefused, FileNotFoundError):
            return False
        return not stale(contents, self.keys, platform.machine(), datetime.now(UTC), self.most)

    async def _write(self, folder: Path) -> Contents:
        names = await self._names()
        bases = [tag for tag in await self.files.tags(BASE) if BASES.fullmatch(tag)]
        beside = folder / f"images-{secrets.token_hex(6)}.new"
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for tag, name in names.items():
                    await self.files.tag(tag, name)
                await self.files.save([*bases, *names.values()], file)
            with beside.open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
                    size += len(piece)
            contents = Contents(
                created=datetime.now(UTC),
                architecture=platform.machine(),
                keys=self.keys,
                tags=tuple(sorted([*bases, *names.values()])),
                size=size,
                sha256=digest.hexdigest(),
            )
            beside.rename(folder / contents.file)
        except OSError as error:
            raise NoSpace(f"images cannot be saved to {folder}: {error.strerror}") from error
        finally:
            beside.unlink(missing_ok=True)
            for name in names.values():
                await self.files.untag(name)
        return contents

    async def _names(self) -> dict[str, str]:
        """By what names the images of this host go into an archive: their own say things that only hold here."""
        names = {await self.proxy.tag(): f"{OURS}kept-proxy:{self.keys.proxy}"}
        if self.container is not None:
            names[await self.images.below(self.repo, self.container)] = f"{OURS}kept-repository:{self.keys.repository}"
        return names

    def _check_names(self, tags: Sequence[str]) -> None:
        kept = {f"{OURS}kept-proxy:{self.keys.proxy}"}
        if self.container is not None:
            kept.add(f"{OURS}kept-repository:{self.keys.repository}")
        bases = {tag for tag in tags if BASES.fullmatch(tag)}
        if set(tags) - bases != kept or BASE not in bases:
            raise ArchiveRefused(f"it holds images by names that no job gives: {', '.join(tags)}")

    async def _take_names(self) -> None:
        """Give the images that were loaded the names that they have on this host."""
        for tag, name in (await self._names()).items():
            await self.files.tag(name, tag)
            await self.files.untag(name)
        await self.store.map(await self.proxy.tag())


def _place(path: Path, data: bytes) -> None:
    """Raises: NoSpace"""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(6)}.new")
    try:
        beside.write_bytes(data)
        beside.rename(path)
    except OSError as error:
        raise NoSpace(f"cannot write {path}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)


def _alone() -> AbstractAsyncContextManager[None]:
    return locked(RUNTIME / "locks", "image-archive")

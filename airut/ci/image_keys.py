"""Which images a job needs, as names that follow from what goes into them: the same on every machine, without Podman.

An image's own tag also holds what only one machine knows (its base image, its certificate authority). These do not, so
that an archive made on one runner is found by another.
"""

import platform
from collections.abc import Iterable
from pathlib import Path

from airut.adapters.podman.context import ContextFile, content_hash, read_folder
from airut.adapters.podman.proxy_image import proxy_sources
from airut.adapters.podman.sources import sources
from airut.models.base import Model


class ImageKeys(Model):
    """16 hexadecimal digits each, for this machine's architecture."""

    repository: str
    proxy: str

    def lines(self) -> str:
        """As `image hash` prints them, and a shell reads them."""
        return f"repository={self.repository}\nproxy={self.proxy}\n"


def image_keys(container: Path | None, *, opened: bool = False) -> ImageKeys:
    """Of a repository with this build folder, whose builds have the host's network if they are `opened`.

    Raises:
        ImageBuildFailed: the folder cannot be built.
        EngineError: the proxy's package is not installed.
    """
    files, pinned = proxy_sources()
    source = read_folder(container) if container else ()
    return ImageKeys(
        repository=content_hash(
            (*_in("source", source), *_in("layer", sources("layer"))), platform.machine(), *(["open"] if opened else [])
        ),
        proxy=content_hash((*_in("proxy", files), *_in("pinned", pinned)), platform.machine()),
    )


def _in(folder: str, files: Iterable[ContextFile]) -> tuple[ContextFile, ...]:
    return tuple(ContextFile(f"{folder}/{file.path}", file.mode, file.data, file.link) for file in files)

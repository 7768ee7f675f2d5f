"""The image of the proxy. Ours from end to end: its builds run nobody else's code, and stand in no cell."""

import importlib.util
import platform
from collections.abc import Sequence
from pathlib import Path

from airut.adapters.podman.build import Build, build
from airut.adapters.podman.context import ContextFile, content_hash, package_files
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.locks import locked
from airut.adapters.podman.marks import Marks
from airut.adapters.podman.settings import RUNTIME
from airut.adapters.podman.sources import BASE, base_image, sources
from airut.adapters.podman.store import ImageStore
from airut.errors import EngineError, ImageMissing


class ProxyImage:
    """`ca` is a bundle of this host that the one build which fetches sees in place of the base image's own, for hosts
    whose way to the registries is intercepted. What it fetches are wheels with pinned hashes, of which none is run."""

    def __init__(
        self, engine: Engine, ca: Path | None = None, marks: Marks | None = None, *, builds: bool = True
    ) -> None:
        """Without `builds` it has to be there."""
        self._engine = engine
        self._store = ImageStore(engine)
        self._ca = ca
        self._builds = builds
        self._marks = marks

    async def ensure(self) -> str:
        """The tag of the proxy image for the proxy package as it is now.

        Raises:
            ImageMissing, ImageBuildFailed, RegistryUnavailable, EngineUnavailable, NoSpace, EngineError
        """
        files, pinned = proxy_sources()
        below, tag = await self._tags(files, pinned)
        if self._marks is not None:
            self._marks.use(below)
            self._marks.use(tag)
        if await self._store.exists(tag):
            return tag
        if not self._builds:
            raise ImageMissing("the proxy's image is not on this host as it is wanted now, and none is to be built")
        async with locked(RUNTIME / "locks", "proxy-image"):
            if not await self._store.exists(tag):
                if not await self._store.exists(below):
                    what = "the image with the proxy's dependencies"
                    await build(self._engine, Build(what, below, pinned, {"BASE": BASE}, ca=self._ca))
                await build(self._engine, Build("the proxy image", tag, files, {"BASE": below}, online=False))
                await self._store.map(tag)
        return tag

    async def tag(self) -> str:
        """What `ensure` will name it. Raises: ImageMissing, EngineUnavailable, EngineError"""
        return (await self._tags(*proxy_sources()))[1]

    async def _tags(self, files: Sequence[ContextFile], pinned: Sequence[ContextFile]) -> tuple[str, str]:
        below = content_hash(pinned, await base_image(self._store), platform.machine())
        dependencies = f"localhost/airut/proxy-dependencies:{below}"
        return dependencies, f"localhost/airut/proxy:{content_hash(files, dependencies)}"


def proxy_sources() -> tuple[tuple[ContextFile, ...], tuple[ContextFile, ...]]:
    """What the proxy's image is made of: the proxy, and what it stands on. Raises: EngineError"""
    found = importlib.util.find_spec("proxy")
    if found is None or not found.submodule_search_locations:
        raise EngineError("the proxy package is not installed beside airut")
    files = sources("proxy") + package_files(Path(found.submodule_search_locations[0]), "proxy")
    return files, sources("proxy_dependencies")

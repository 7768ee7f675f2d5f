"""Images by content: the same content has the same tag and is not built again. Implements `ports.sandbox.Images`."""

import asyncio
import importlib.util
import platform
import re
import secrets
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from airut.adapters.podman.bodies import MAPPING
from airut.adapters.podman.build import Build, build
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.context import ContextFile, content_hash, package_files, read_folder
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.marks import Marks
from airut.errors import EngineError, ImageMissing

BASE = "localhost/airut/base:latest"
SOURCES = Path(__file__).parent / "images"


class PodmanImages:
    """`roots` is the PEM of the certificates that the agent's tools are to trust. `build_ca` is a bundle of this host
    that builds see in place of the base image's own, for hosts whose way to the registries is intercepted. `marks`
    take note of what is asked for."""

    def __init__(self, engine: Engine, roots: bytes, build_ca: Path | None = None, marks: Marks | None = None) -> None:
        self._engine = engine
        self._roots = roots
        self._build_ca = build_ca
        self._marks = marks
        self._building: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ensure(self, repo: str, container: Path | None) -> str:
        base = await self._base()
        layer = (*_sources("layer"), ContextFile("root.pem", 0o644, self._roots))
        source = read_folder(container) if container else ()
        content = content_hash(source + _below("layer", layer), base, platform.machine())
        tag = f"localhost/airut/{image_name(repo)}:{content}"
        self._mark(tag)  # first of all, so that no upkeep removes it between the look and the use
        async with self._building[tag]:
            if not await self.exists(tag):
                await self._build_both(repo, tag, source, layer)
                await self._map(tag)
        return tag

    async def ensure_proxy(self) -> str:
        """The tag of the proxy image for the proxy package as it is now. Raises: as `ensure`"""
        base = await self._base()
        found = importlib.util.find_spec("proxy")
        if found is None or not found.submodule_search_locations:
            raise EngineError("the proxy package is not installed beside airut")
        files = _sources("proxy") + package_files(Path(found.submodule_search_locations[0]), "proxy")
        pinned = _sources("proxy_dependencies")
        below = f"localhost/airut/proxy-dependencies:{content_hash(pinned, base, platform.machine())}"
        tag = f"localhost/airut/proxy:{content_hash(files, below)}"
        self._mark(below)
        self._mark(tag)
        async with self._building[below]:
            if not await self.exists(tag):
                if not await self.exists(below):
                    what = "the image with the proxy's dependencies"
                    await build(self._engine, Build(what, below, pinned, {"BASE": BASE}, ca=self._build_ca))
                await build(self._engine, Build("the proxy image", tag, files, {"BASE": below}, online=False))
                await self._map(tag)
        return tag

    def _mark(self, tag: str) -> None:
        if self._marks is not None:
            self._marks.use(tag)

    async def exists(self, tag: str) -> bool:
        """Raises: EngineUnavailable, EngineError"""
        return await self.id(tag) is not None

    async def id(self, tag: str) -> str | None:
        """Raises: EngineUnavailable, EngineError"""
        found = await self._engine.get(f"/images/{tag}/json", f"inspect image {tag}")
        return found["Id"] if found else None

    async def _base(self) -> str:
        base = await self.id(BASE)
        if base is None:
            raise ImageMissing("there is no base image on this host: run `airut image base`")
        return base

    async def _map(self, tag: str) -> None:
        """The first container of an image under our user mapping copies all of it, for seconds: better now."""
        name = f"airut-map-{secrets.token_hex(6)}"
        containers = Containers(self._engine)
        try:
            await containers.create(
                name, {"image": tag, "command": ["true"], "userns": MAPPING, "labels": {"airut.owner": "image"}}
            )
        finally:
            await containers.remove(name)

    async def _build_both(
        self, repo: str, tag: str, source: Sequence[ContextFile], layer: Sequence[ContextFile]
    ) -> None:
        below = BASE
        if source:
            below = f"{tag}-source"
            await build(self._engine, Build(f"the image of {repo}", below, source, ca=self._build_ca))
        await build(self._engine, Build(f"the sandbox layer of {repo}", tag, layer, {"BASE": below}, online=False))


def image_name(repo: str) -> str:
    """A repository's name as far as image names allow it."""
    return re.sub(r"[^a-z0-9]+", "-", repo.lower()).strip("-") or "repository"


def _sources(name: str) -> tuple[ContextFile, ...]:
    folder = SOURCES / name
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return tuple(ContextFile(path.name, 0o644, path.read_bytes()) for path in files)


def _below(folder: str, files: Sequence[ContextFile]) -> tuple[ContextFile, ...]:
    return tuple(ContextFile(f"{folder}/{file.path}", file.mode, file.data) for file in files)

"""Images by content: the same content has the same tag and is not built again. Implements `ports.sandbox.Images`."""

import asyncio
import contextlib
import dataclasses
import logging
import platform
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path

from airut.adapters.podman.blocked import blocked_requests
from airut.adapters.podman.cells import BuildCells, Cell
from airut.adapters.podman.context import ContextFile, content_hash, read_folder
from airut.adapters.podman.context import dockerfile as name_of_dockerfile
from airut.adapters.podman.dockerfile import Dockerfile, outside, read
from airut.adapters.podman.fenced_build import TRUST, FencedBuild, build_fenced
from airut.adapters.podman.files import make_folder, remove_folder
from airut.adapters.podman.locks import locked
from airut.adapters.podman.marks import Marks
from airut.adapters.podman.settings import RUNTIME
from airut.adapters.podman.sources import BASE, base_image, sources
from airut.adapters.podman.store import Image, ImageStore
from airut.errors import ImageBuildFailed, ImageMissing, SandboxError
from airut.models.hosts.build import BuildPolicy

PARALLEL = 2  # builds at once on one host, unless `build.parallel` says otherwise
ON_BUILD = "an image that runs instructions in builds on top of it (ONBUILD) cannot be built upon"

STALE = 7 * 86400.0
"""Seconds. An image older than this is not used before it was built anew: its packages have known holes by then."""
AGAIN = 3600.0
"""Seconds after a build anew has failed: a mirror that is away, or a package that is gone, is that for a while."""

log = logging.getLogger(__name__)


class Due(Enum):
    """When an image is to be built anew."""

    NOT_YET = auto()
    MEANWHILE = auto()
    BEFORE_USE = auto()


def due(age: float, most: float | None, stale: float = STALE) -> Due:
    """Of an image of this age, where `most` is the age that the operator allows, and one that is `stale` as well is not
    used; all in seconds."""
    if most is None or age <= most:
        return Due.NOT_YET
    return Due.BEFORE_USE if age > max(stale, most) else Due.MEANWHILE


class PodmanImages:
    """`roots` is the PEM of the certificates that the agent's tools are to trust, `logs` the folder for what builds
    say. `ca` is a bundle of this host that open builds see in place of their image's own. `marks` take note of what is
    asked for."""

    def __init__(
        self,
        store: ImageStore,
        cells: BuildCells,
        policies: Callable[[str], BuildPolicy],
        roots: bytes,
        logs: Path,
        *,
        ca: Path | None = None,
        marks: Marks | None = None,
        parallel: int = PARALLEL,
        stale: float = STALE,
        builds: bool = True,
    ) -> None:
        """`stale` is the age, in seconds, from which an image that is to be built anew is not used before it was.
        Without `builds` there are only the images that are there."""
        self._store = store
        self._cells = cells
        self._policies = policies
        self._roots = roots
        self._logs = logs
        self._ca = ca
        self._marks = marks
        self._stale = stale
        self._builds = builds
        self._slots = asyncio.Semaphore(parallel)
        self._renewals: dict[str, asyncio.Task[None]] = {}
        self._failed: dict[str, float] = {}

    async def ensure(self, repo: str, container: Path | None) -> str:
        order = await self._order(repo, container)
        tag = order.tag
        if self._marks is not None:
            self._marks.use(tag)  # first of all, so that no upkeep removes it between the look and the use
        found = await self._store.find(tag)
        if found is None:
            if not self._builds:
                raise ImageMissing(
                    f"the image of {repo} is not on this host as it is wanted now, and none is to be built"
                )
            async with self._alone(repo):
                if not await self._store.exists(tag):
                    await self._build(order)
        elif order.source:
            await self._renew(order, found)
        return tag

    async def below(self, repo: str, container: Path) -> str:
        """The tag of what a repository's Dockerfile alone makes: where there is such an image, `ensure` puts our layer
        on top of it and builds no more. Raises: ImageMissing, ImageBuildFailed, EngineUnavailable, EngineError"""
        return (await self._order(repo, container)).below

    async def _order(self, repo: str, container: Path | None) -> "_Order":
        policy = self._policies(repo)
        base = await base_image(self._store)
        layer = (*sources("layer"), ContextFile("root.pem", 0o644, self._roots))
        source = read_folder(container) if container else ()
        opened = ["open"] if policy.open and source else []
        content = content_hash(source + _below("layer", layer), base, platform.machine(), *opened)
        return _Order(repo, f"localhost/airut/{image_name(repo)}:{content}", policy, source, layer)

    async def close(self) -> None:
        """Stop what is built in the background."""
        for task in list(self._renewals.values()):
            task.cancel()
        await asyncio.gather(*self._renewals.values(), return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _alone(self, repo: str) -> AsyncIterator[None]:
        async with locked(RUNTIME / "locks", f"image-{image_name(repo)}"), self._slots:
            yield

    async def _renew(self, order: "_Order", found: Image) -> None:
        """An image that is there, and perhaps old. One that cannot be built today is used as it is."""
        match due((datetime.now(UTC) - found.created).total_seconds(), order.policy.max_age, self._stale):
            case Due.BEFORE_USE:
                await self._build_again(order, found)
            case Due.MEANWHILE if order.tag not in self._renewals:
                task = asyncio.get_running_loop().create_task(self._build_again(order, found))
                self._renewals[order.tag] = task
                task.add_done_callback(lambda _: self._renewals.pop(order.tag, None))
            case _:
                pass

    async def _build_again(self, order: "_Order", before: Image) -> None:
        """Unless somebody else has done so."""
        async with self._alone(order.repo):
            failed, now = self._failed.get(order.tag), time.monotonic()
            found = await self._store.find(order.tag)
            if (found and found.id != before.id) or (failed is not None and now - failed < AGAIN):
                return
            try:
                await self._build(order, fresh=True)
            except SandboxError as error:
                self._failed[order.tag] = now
                log.warning("%s is not built anew, and used as it is: %s", order.tag, error)

    def logs(self, repo: str) -> Path:
        """Where the newest build of a repository's image has left what it said, and what its proxy has seen."""
        return self._logs / image_name(repo)

    async def _build(self, order: "_Order", *, fresh: bool = False) -> None:
        recipe = _recipe(order.source) if order.source else None
        there = None if recipe is None or fresh else await self._store.find(order.below)
        came_from: Mapping[str, Image] = {}
        if recipe is not None and there is None:
            came_from = await self._provide(recipe, order, newer=fresh)
        logs = self.logs(order.repo)
        remove_folder(logs)
        make_folder(logs)
        fenced = recipe is not None and there is None and not order.policy.open
        async with AsyncExitStack() as stack:
            cell = await stack.enter_async_context(self._cells.open(order.repo, order.policy, logs, fenced=fenced))
            if recipe is not None:
                if there is None:
                    await self._build_source(cell, order, recipe, came_from, fresh=fresh)
                await self._refuse_triggers(order)
            await build_fenced(cell, _layer(order))
        await self._store.map(order.tag)

    async def _build_source(
        self, cell: Cell, order: "_Order", recipe: Dockerfile, came_from: Mapping[str, Image], *, fresh: bool
    ) -> None:
        """What the repository's Dockerfile says."""
        name = name_of_dockerfile(order.source)
        text = recipe.with_arguments(TRUST) if cell.fenced else recipe.text
        files = [file if file.path != name else dataclasses.replace(file, data=text.encode()) for file in order.source]
        what = f"the image of {order.repo}"
        came = ",".join(f"{name}@{image.digest}" for name, image in came_from.items())
        labels = {"airut.from": came} if came else {}
        wanted = FencedBuild(what, order.below, files, order.policy.time, labels=labels, ca=self._ca, fresh=fresh)
        try:
            await build_fenced(cell, dataclasses.replace(wanted, open=order.policy.open))
        except ImageBuildFailed as error:
            refused = blocked_requests(cell.log / "network.jsonl")
            raise ImageBuildFailed("\n".join(filter(None, (str(error), refused))), error.log_tail) from error

    async def _refuse_triggers(self, order: "_Order") -> None:
        """In a build on top of it they would run outside of what its own build may reach."""
        made = await self._store.find(order.below)
        if made and await self._store.on_build(made):
            raise ImageBuildFailed(f"the image of {order.repo} could not be built: {ON_BUILD}")

    async def _provide(self, recipe: Dockerfile, order: "_Order", *, newer: bool) -> dict[str, Image]:
        """The images that the Dockerfile stands on, got by us: its build pulls none."""
        registries = order.policy.registries
        if foreign := outside(recipe.images, registries):
            raise ImageBuildFailed(
                f"the image of {order.repo} could not be built: {foreign[0]} is of no registry that may be used"
                f" ({', '.join(registries)}); name one of these in full, or add to container.registries in airut.yaml"
            )
        found = {name: await self._store.provide(name, newer=newer) for name in recipe.images}
        for name, image in found.items():
            if await self._store.on_build(image):
                raise ImageBuildFailed(f"the image of {order.repo} could not be built: {name} is {ON_BUILD}")
            log.info("%s stands on %s, %s", order.tag, name, image.digest)
        return found


@dataclasses.dataclass(frozen=True)
class _Order:
    repo: str
    tag: str
    policy: BuildPolicy
    source: Sequence[ContextFile]
    layer: Sequence[ContextFile]

    @property
    def below(self) -> str:
        """What our layer stands on."""
        return f"{self.tag}-source" if self.source else BASE


def image_name(repo: str) -> str:
    """A repository's name as far as image names allow it."""
    return re.sub(r"[^a-z0-9]+", "-", repo.lower()).strip("-") or "repository"


def _recipe(source: Sequence[ContextFile]) -> Dockerfile:
    name = name_of_dockerfile(source)
    data = next(file.data for file in source if file.path == name)
    return read(data.decode(errors="replace"), name)


def _layer(order: _Order) -> FencedBuild:
    """Ours on top. It runs programs of the image below, and needs no network."""
    labels = {"airut.repo": order.repo}
    if order.source and order.policy.open:
        labels["airut.build"] = "open"
    what = f"the sandbox layer of {order.repo}"
    return FencedBuild(what, order.tag, order.layer, order.policy.time, {"BASE": order.below}, labels, online=False)


def _below(folder: str, files: Sequence[ContextFile]) -> tuple[ContextFile, ...]:
    return tuple(ContextFile(f"{folder}/{file.path}", file.mode, file.data) for file in files)

"""Images that nobody asks for any more: implements `airut.ports.sandbox.ImageUpkeep`."""

import logging
import time
from collections.abc import Iterable, Mapping

from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Engine, Json
from airut.adapters.podman.images import image_name
from airut.adapters.podman.marks import OURS, Marks
from airut.errors import SandboxError

BASES = f"{OURS}base:"
ALWAYS = ("proxy", "proxy-dependencies")
"""Names of which the newest image is always wanted."""
SOURCE = "-source"
"""The end of the tag of a repository's image before our layer came on top; it goes with that one."""
ROUNDS = 50
"""Steps of a build, each an image on top of the one before: only the last one can go."""
MAPPED_WITHIN = 3600.0
"""Seconds. A container that only maps a new image lives for some; an older one is of a process that was killed, and
would hold its image for ever."""

log = logging.getLogger(__name__)


class PodmanImageUpkeep:
    def __init__(self, engine: Engine, marks: Marks) -> None:
        self._engine = engine
        self._containers = Containers(engine)
        self._marks = marks

    async def prune(self, keep_s: float, repos: tuple[str, ...]) -> tuple[str, ...]:
        for left in await self._containers.older_than(MAPPED_WITHIN, "airut.owner=image"):
            await self._containers.remove(left)
        images = await self._list({})
        tags = {tag for image in images for tag in image.get("RepoTags") or [] if tag.startswith(OURS)}
        used = {tag: at for tag in tags if (at := self._marks.used(tag)) is not None}
        before = time.time() - keep_s
        removed: list[str] = []
        for tag in leaving(used, before, (*map(image_name, repos), *ALWAYS)):
            gone = await self._remove(tag)
            if gone and f"{tag}{SOURCE}" in tags:
                gone = await self._remove(f"{tag}{SOURCE}")
            if gone:
                self._marks.forget(tag)
                removed.append(tag)
        bases = [image["Id"] for image in images if any(t.startswith(BASES) for t in image.get("RepoTags") or [])]
        return (*removed, *await self._prune_nameless(before, bases))

    async def _prune_nameless(self, before: float, bases: Iterable[str]) -> tuple[str, ...]:
        """What a build, or a newer build of the same name, has left on top of a base image of ours."""
        ours = [await self._layers(base) for base in bases]
        removed: list[str] = []
        stuck: set[str] = set()
        for _ in range(ROUNDS):
            found = [image for image in await self._list({"dangling": ["true"]}) if image["Id"] not in stuck]
            found = [image for image in found if image["Created"] < before]
            mine = [image["Id"] for image in found if is_on(await self._layers(image["Id"]), ours)]
            if not mine:
                break
            for id_ in mine:
                if await self._remove(id_):
                    removed.append(id_[:12])
                else:
                    stuck.add(id_)
        return tuple(removed)

    async def _list(self, filters: Mapping[str, list[str]]) -> list[dict[str, Json]]:
        return list(await self._engine.get("/images/json", "list images", params={"filters": dict(filters)}) or [])

    async def _layers(self, id_: str) -> list[str]:
        found = await self._engine.get(f"/images/{id_}/json", f"inspect image {id_}")
        return list((found or {}).get("RootFS", {}).get("Layers") or [])

    async def _remove(self, name: str) -> bool:
        """Without force: one that a container uses, or another image stands on, stays."""
        try:
            await self._engine.delete(f"/images/{name}", f"remove image {name}", params={"force": False})
        except SandboxError as error:
            log.info("%s", error)
            return False
        log.info("removed image %s, which nothing has asked for", name)
        return True


def leaving(used: Mapping[str, float], before: float, wanted: Iterable[str]) -> tuple[str, ...]:
    """Which of these tags go: not used since `before`, and not the newest one of a wanted name."""
    newest: dict[str, str] = {}
    for tag in sorted(used, key=lambda tag: used[tag]):
        newest[name_of(tag)] = tag
    stays = {newest.get(name) for name in wanted}
    return tuple(sorted(tag for tag, at in used.items() if at < before and tag not in stays))


def name_of(tag: str) -> str:
    """`web` of `localhost/airut/web:0123`."""
    return tag.removeprefix(OURS).partition(":")[0]


def is_on(layers: list[str], bases: Iterable[list[str]]) -> bool:
    """Whether an image of these layers was built on top of one of these."""
    return any(base and layers[: len(base)] == base and len(layers) >= len(base) for base in bases)

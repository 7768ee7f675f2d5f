"""The images of this host: which there are, getting those of others, and making them ready for our user mapping."""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airut.adapters.podman.bodies import MAPPING
from airut.adapters.podman.containers import Containers, moment
from airut.adapters.podman.engine import PULL, Engine
from airut.adapters.podman.failures import registry_hiccup
from airut.errors import EngineError, EngineUnavailable, ImageBuildFailed, RegistryUnavailable

OF_THIS_HOST = ("airut/", "localhost/")
"""How names begin that no registry knows."""


@dataclass(frozen=True)
class Image:
    """`digest` is the registry's word for it where it came from one."""

    id: str
    digest: str
    created: datetime


class ImageStore:
    """Raises everywhere: EngineUnavailable, EngineError, and what is named besides."""

    def __init__(self, engine: Engine, *, pulls: bool = True) -> None:
        """Without `pulls` no registry is asked."""
        self._engine = engine
        self._pulls = pulls

    async def exists(self, tag: str) -> bool:
        return await self.find(tag) is not None

    async def id(self, tag: str) -> str | None:
        found = await self.find(tag)
        return found.id if found else None

    async def find(self, tag: str) -> Image | None:
        found: Any = await self._engine.get(f"/images/{tag}/json", f"inspect image {tag}")
        if found is None:
            return None
        return Image(found["Id"], found.get("Digest") or found["Id"], moment(found["Created"]))

    async def on_build(self, image: Image) -> tuple[str, ...]:
        """The instructions that an image adds to builds on top of it (ONBUILD). The API does not tell them, so that the
        image's configuration is read where the engine keeps it."""
        engine = await self._engine.about()
        folder = engine.store / f"{engine.driver}-images" / image.id.removeprefix("sha256:")
        named = (
            f"sha256:{image.id.removeprefix('sha256:')}".encode()
        )  # an image's id is the digest of its configuration
        try:
            config = json.loads((folder / f"={base64.b64encode(named).decode()}").read_bytes())
        except (OSError, ValueError) as error:
            raise EngineError(f"the configuration of image {image.id} cannot be read in {folder}") from error
        return tuple((config.get("config") or {}).get("OnBuild") or ())

    async def provide(self, reference: str, *, newer: bool = False) -> Image:
        """The image that a Dockerfile names, pulled where it is not here yet, or where the registry has a newer one.

        Raises:
            RegistryUnavailable: not now.
            ImageBuildFailed: it cannot be had.
        """
        found = await self.find(reference)
        if found is None:
            if reference.startswith("airut/"):
                raise ImageBuildFailed(
                    f"there is no image {reference} on this host (airut/base is: `airut image base`)"
                )
            await self._pull(reference, "missing")
            found = await self.find(reference)
        elif newer and self._pulls and not reference.startswith(OF_THIS_HOST):
            await self._pull(reference, "newer")
            found = await self.find(reference)
        if found is None:
            raise ImageBuildFailed(f"{reference} was pulled, and is not there")
        return found

    async def map(self, tag: str) -> None:
        """The first container of an image under our user mapping copies all of it, for seconds: better now."""
        name = f"airut-map-{secrets.token_hex(6)}"
        containers = Containers(self._engine)
        try:
            await containers.create(
                name, {"image": tag, "command": ["true"], "userns": MAPPING, "labels": {"airut.owner": "image"}}
            )
        finally:
            await containers.remove(name)

    async def _pull(self, reference: str, policy: str) -> None:
        if not self._pulls:
            raise ImageBuildFailed(f"{reference} is not on this host, and no registry is to be asked for it")
        problems: list[str] = []

        def read(line: str) -> None:
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("error"):
                problems.append(str(said["error"]))

        params = {"reference": reference, "policy": policy}
        try:
            await self._engine.upload("/images/pull", f"pull {reference}", iter(()), params, read, deadline=PULL)
        except EngineUnavailable:
            raise
        except EngineError as error:
            problems.append(str(error))
        if problems:
            kind = RegistryUnavailable if registry_hiccup(problems[-1]) else ImageBuildFailed
            raise kind(f"{reference} could not be pulled: {problems[-1]}")

"""Where `airut-sandbox` keeps what it needs on this host, and what it makes sandboxes with: its composition root."""

import os
import platform
from pathlib import Path

from airut.adapters.ca import load_or_create_root
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.cells import BuildCells
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.images import PodmanImages
from airut.adapters.podman.marks import Marks
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import RUNTIME, Enforce, SandboxSettings
from airut.adapters.podman.store import ImageStore
from airut.adapters.trees_unshared import UnsharedTrees
from airut.ci.owner import Owner
from airut.models.hosts.build import BUILD_PRESETS, BuildPolicy
from airut.models.hosts.sandbox import NetworkSpec

KEPT = ("kept", "yes")
"""The label of what is looked at later."""
INSTALLATION = "ci"
"""In labels and names: all runs of a user, and no server's."""
MAX_AGE = 24 * 3600.0
"""Seconds until an image is built anew, unless `--max-image-age` says otherwise: as on a server."""


class Place:
    """To be closed. Nothing is made before it is asked for."""

    def __init__(
        self,
        enforce: Enforce = Enforce.STRICT,
        max_age: float | None = MAX_AGE,
        *,
        build: bool = True,
        offline: bool = False,
        kept: bool = False,
    ) -> None:
        """Without `build` only images that are there are used; `offline` builds fetch nothing. What is `kept` is not
        swept when its owner has ended."""
        self.state = state_folder()
        self.engine = Engine()
        self.owner = Owner.myself()
        self._max_age = None if offline or not build else max_age
        self._build = build
        self._offline = offline
        self._rules = FenceRules(load_or_create_root(self.state / "ca"))
        self._marks = Marks(user_cache() / "images")
        self._ca = Path(bundle) if (bundle := os.environ.get("AIRUT_BUILD_CA")) else None
        self.settings = SandboxSettings(
            installation=INSTALLATION,
            host=platform.node() or "host",
            state=self.state,
            runtime=RUNTIME / INSTALLATION,
            enforce=enforce,
            cgroup_parent=os.environ.get("AIRUT_CGROUP_PARENT"),
            warm=0,  # nobody is there to keep one warm
            owner=self.owner.KIND,
            owner_labels=(*self.owner.labels(), *([KEPT] if kept else [])),
        )
        self.proxy_image = ProxyImage(self.engine, self._ca, self._marks, builds=build and not offline)
        self._cells = BuildCells(self.engine, self.settings, self._rules, self.proxy_image.ensure, UnsharedTrees())

    async def close(self) -> None:
        await self.engine.close()

    async def image(self, repo: str, container: Path | None) -> str:
        """The tag of a repository's image. Raises: SandboxError"""
        return await self.images().ensure(repo, container)

    async def proxy(self) -> str:
        """The tag of the proxy's image. Raises: SandboxError"""
        return await self.proxy_image.ensure()

    def images(self) -> PodmanImages:
        return PodmanImages(
            ImageStore(self.engine, pulls=not self._offline),
            self._cells,
            self.build_policy,
            self._rules.roots(),
            self.state / "builds",
            ca=self._ca,
            marks=self._marks,
            stale=0,  # this process ends before a build in the background would
            builds=self._build,
        )

    def build_policy(self, repo: str) -> BuildPolicy:
        """What the steps of a Dockerfile may fetch from: as on a server that says nothing else."""
        network = NetworkSpec(
            allowlist=None,
            repository=repo,
            granted_presets=() if self._offline else BUILD_PRESETS,
            extra_ca_files=(self._ca,) if self._ca else (),
        )
        return BuildPolicy(network=network, max_age=self._max_age)

    def sandboxes(self, proxy_image: str) -> PodmanSandboxes:
        return PodmanSandboxes(self.engine, self.settings, self._rules, proxy_image, self._cells)


def state_folder() -> Path:
    """Of all runs of this user."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "airut-sandbox"


def user_cache() -> Path:
    """What a server of this user has as well."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "airut"

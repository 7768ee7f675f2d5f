"""The product's images, for tests and measurements that have no configuration."""

from collections.abc import Callable
from pathlib import Path

from airut.adapters.ca import RootCa
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.cells import BuildCells
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.images import PodmanImages
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.podman.settings import SandboxSettings
from airut.adapters.podman.store import ImageStore
from airut.adapters.trees_unshared import UnsharedTrees
from airut.models.hosts.build import BuildPolicy
from airut.models.hosts.sandbox import Limits, NetworkSpec

ROOT = Path.home() / ".cache" / "airut" / "tests-ca"
"""Of the certificate authority, kept from run to run: it is part of the image, whose first container costs seconds."""
NOTHING = BuildPolicy(
    network=NetworkSpec(allowlist=None, repository="acme/web", granted_presets=()),
    limits=Limits(memory=1024**3, cpus=2, pids=300),
    time=100,
)
"""Builds that may reach nothing."""


def build_cells(engine: Engine, root: RootCa, settings: SandboxSettings) -> BuildCells:
    return BuildCells(engine, settings, FenceRules(root), ProxyImage(engine).ensure, UnsharedTrees())


def podman_images(
    engine: Engine, root: RootCa, settings: SandboxSettings, policies: Callable[[str], BuildPolicy] = lambda _: NOTHING
) -> PodmanImages:
    cells = build_cells(engine, root, settings)
    return PodmanImages(ImageStore(engine), cells, policies, root.certificate_pem, settings.state / "builds")

"""What the operator decides about the builds of one repository's image (spec: sandbox §3)."""

from airut.models.base import Model
from airut.models.hosts.sandbox import Limits, NetworkSpec

CONTAINER = ".airut/container"
"""The folder in a repository that its image is built from, unless `container.path` names another."""
BUILD_PRESETS = ("apt", "pypi", "npm", "crates", "go", "github")
"""What the steps of a Dockerfile may fetch from unless `build.allowlist` names presets of its own. None of them writes:
`github` is read access to the repository itself."""
ALLOWLIST_KEY = "build.allowlist"
TIME_LIMIT = 30 * 60.0
"""Seconds for one build: a toolchain that is compiled takes ten minutes, and one that hangs should be told today."""


class BuildPolicy(Model):
    """`network` is what the steps may reach, and holds no credential; `open` gives them the host's way out instead.
    `registries` are those that FROM may name; empty is all of them."""

    network: NetworkSpec
    open: bool = False
    registries: tuple[str, ...] = ()
    max_age: float | None = None
    """Seconds after which an image is made anew from today's packages; None is never."""
    limits: Limits = Limits()
    time: float = TIME_LIMIT

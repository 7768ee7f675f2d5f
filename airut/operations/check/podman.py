"""Whether Podman is what sandboxes need (spec: sandbox §1)."""

from collections.abc import Iterator

from airut.adapters.podman.engine import Engine
from airut.models.base import Model
from airut.operations.check.finding import Finding, fail, ok, warn
from airut.operations.check.machine import version_in

VERSION = (4, 3)
CONTROLLERS = ("cpu", "memory", "pids")
"""By which a sandbox's limits hold."""
REMEDY = "start it (`systemctl --user enable --now podman.socket`), or see what `podman info` says"


class PodmanFacts(Model):
    """Of `podman info`."""

    version: str
    rootless: bool
    cgroups: str
    controllers: tuple[str, ...]
    network: str
    storage: str
    native: bool
    """Whether the kernel itself mounts the layers, and no program in between."""


async def podman(engine: Engine, *, strict: bool) -> tuple[Finding, ...]:
    """`strict`: whether limits must hold (`limits.enforce`). Raises: EngineUnavailable, EngineError"""
    info = await engine.get("/info", "ask Podman what it is")
    host, store = info["host"], info["store"]
    facts = PodmanFacts(
        version=info["version"]["Version"],
        rootless=host["security"]["rootless"],
        cgroups=host["cgroupVersion"],
        controllers=tuple(host.get("cgroupControllers") or ()),
        network=host.get("networkBackend") or "",
        storage=store["graphDriverName"],
        native=store["graphStatus"].get("Native Overlay Diff") == "true",
    )
    return tuple(judge(facts, strict=strict))


def judge(facts: PodmanFacts, *, strict: bool) -> Iterator[Finding]:
    if version_in(facts.version) < VERSION:
        yield fail("podman", f"{facts.version} is too old", "install Podman 4.3 or newer")
    elif not facts.rootless:
        yield fail("podman", "it runs as root", "run Airut as a user of its own: an escape would be root's")
    elif facts.network != "netavark":
        remedy = "install netavark, and set network_backend in containers.conf to it"
        yield fail("podman", f"its network is {facts.network or 'unknown'}", remedy)
    else:
        yield ok("podman", f"{facts.version}, rootless, {facts.network}")
    yield from _limits(facts, strict=strict)
    if facts.storage != "overlay":
        remedy = 'set driver = "overlay" in storage.conf: every sandbox copies its image otherwise'
        yield warn("overlay", f"images are stored by {facts.storage}", remedy)
    elif not facts.native:
        remedy = "a newer kernel mounts them itself: a sandbox starts faster, and its files are not slowed down"
        yield warn("overlay", "mounted by a program (fuse-overlayfs)", remedy)
    else:
        yield ok("overlay", "mounted by the kernel")


def _limits(facts: PodmanFacts, *, strict: bool) -> Iterator[Finding]:
    missing = [name for name in CONTROLLERS if name not in facts.controllers]
    if facts.cgroups == "v2" and not missing:
        yield ok("cgroups", f"v2 with {', '.join(CONTROLLERS)}")
        return
    says = "cgroup v1" if facts.cgroups != "v2" else f"{', '.join(missing)} not delegated to this user"
    remedy = (
        "as root: write `[Service]` and `Delegate=cpu cpuset io memory pids` into "
        "/etc/systemd/system/user@.service.d/delegate.conf, `systemctl daemon-reload`, log in again"
    )
    yield fail("cgroups", says, remedy) if strict else warn("cgroups", f"{says}: sandboxes have no limits", remedy)

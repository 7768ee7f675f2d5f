"""What a build runs in: the network and the limits of a sandbox, held by a container that does nothing.

The steps of a Dockerfile are run by the engine, in containers of its own making. They join the network and the control
group of the holder; the engine itself, which would fetch what ADD and FROM name, has no network at all.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from airut.adapters.podman.bodies import ENGINE_GRACE, holder_body
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Body, Engine
from airut.adapters.podman.fence import Fence, Fences, Policy
from airut.adapters.podman.files import make_folder, write_private
from airut.adapters.podman.launch import Launcher
from airut.adapters.podman.locks import is_held, locked
from airut.adapters.podman.network import Networks
from airut.adapters.podman.seccomp import SeccompProfile
from airut.adapters.podman.settings import Enforce, SandboxSettings
from airut.errors import EngineError, TreeError
from airut.models.hosts.build import BuildPolicy
from airut.models.hosts.sandbox import SandboxSpec
from airut.ports.trees import Trees

OWNER = "build"
APT = 'Acquire::https::CAInfo "/etc/airut/ca-bundle.pem";\n'
"""apt knows no variable for authorities, but one for a file of settings."""

log = logging.getLogger(__name__)

SCOPE = ("systemd-run", "--user", "--scope", "--quiet", "--collect")
"""Brings a process of a login session below the user's own manager, which lets it move between groups there."""


@dataclass(frozen=True)
class Cell:
    """`folder` holds what is mounted into the steps, `scratch` what the engine keeps while it builds. `pid` is the
    holder's, `cgroup` the control group that it is in, and `scope` what a process needs to get there. `fenced` says
    that there is a proxy; without one the steps have no network, or the host's."""

    pid: int
    cgroup: str
    scope: tuple[str, ...]
    strict: bool
    folder: Path
    scratch: Path
    log: Path
    seccomp: Path
    fenced: bool


class BuildCells:
    """`proxy` makes sure of the proxy's image and names it."""

    def __init__(
        self,
        engine: Engine,
        settings: SandboxSettings,
        policy: Policy,
        proxy: Callable[[], Awaitable[str]],
        trees: Trees,
    ) -> None:
        self._containers = Containers(engine)
        self._networks = Networks(engine, settings.pool)
        self._seccomp = SeccompProfile(engine, settings.state)
        self._launcher = Launcher(self._containers, settings, self._seccomp)
        self._settings = settings
        self._policy = policy
        self._proxy = proxy
        self._trees = trees
        self._under_systemd = settings.cgroup_parent is None and shutil.which(SCOPE[0]) is not None

    @contextlib.asynccontextmanager
    async def open(self, repo: str, policy: BuildPolicy, logs: Path, *, fenced: bool) -> AsyncIterator[Cell]:
        """Raises: PolicyInvalid, ConfigError, NetworkLost, NoAddresses, NoSpace, EngineUnavailable, EngineError"""
        name, settings = f"b{secrets.token_hex(6)}", self._settings
        image = await self._proxy()
        fences = self._fences(image)
        folder, scratch = settings.runtime / f"build-{name}", _scratch(settings, name)
        async with locked(_locks(settings), name):  # whoever sweeps sees by it that this process lives
            try:
                make_folder(scratch)
                labels = settings.labels(OWNER, fence=name, repo=repo)
                spec = _spec(name, repo, image, policy, logs)
                fence = await self._fence(fences, folder, labels, spec) if fenced else None
                pid = await self._hold(name, image, labels, policy, fence)
                self._lay_out(folder, fence)
                yield Cell(
                    pid=pid,
                    cgroup=_cgroup(pid),
                    scope=scope_for(_cgroup(os.getpid()), os.getuid(), under_systemd=self._under_systemd),
                    strict=settings.enforce is Enforce.STRICT,
                    folder=folder / "steps",
                    scratch=scratch,
                    log=logs,
                    seccomp=await self._seccomp.path(),
                    fenced=fenced,
                )
            finally:
                await asyncio.shield(self._remove(fences, name))

    async def remove_dead(self) -> None:
        """Remove what processes of this host that have died left of builds. Raises: EngineUnavailable, EngineError"""
        fences = self._fences("")
        left = {folder.name.partition("-")[2] for folder in (self._settings.state / "builds").glob("scratch-*")}
        labels = self._settings.labels(OWNER)
        left |= {found["airut.fence"] for found in await self._containers.labelled(*_wanted(labels))}
        for name in left | set(await fences.named(labels)):
            if not is_held(_locks(self._settings), name):
                log.info("removing what is left of build %s", name)
                await self._remove(fences, name)

    async def _remove(self, fences: Fences, name: str) -> None:
        await self._containers.remove(_holder(name))
        await fences.remove(name, self._settings.runtime / f"build-{name}")
        try:
            await self._trees.remove(_scratch(self._settings, name))
        except TreeError as error:
            log.warning("%s; the next sweep tries again", error)

    def _fences(self, image: str) -> Fences:
        return Fences(self._containers, self._networks, self._launcher, self._settings, self._policy, image)

    async def _fence(self, fences: Fences, folder: Path, labels: dict[str, str], spec: SandboxSpec) -> Fence:
        fence = await fences.network(spec.sandbox_id, folder, spec.folder, labels)
        digest = fences.set_rules(fence, spec)
        await fences.start_proxy(fence, labels)
        await fences.until_ready(fence, digest)
        return fence

    async def _hold(
        self, name: str, image: str, labels: dict[str, str], policy: BuildPolicy, fence: Fence | None
    ) -> int:
        """Start the holder, see that its limits hold, and return its first process."""
        network: Body = {"netns": {"nsmode": "none"}}
        if fence:
            network = {"networks": {fence.network: {"static_ips": fence.subnet.agents}}}
        seconds = int(policy.time) + ENGINE_GRACE
        await self._launcher.launch(
            _holder(name), labels, lambda place: holder_body(image, place, policy.limits, seconds, network)
        )
        await self._launcher.check_limits(_holder(name), policy.limits)
        held = await self._containers.inspect(_holder(name))
        if held is None or not held.pid:
            raise EngineError(f"the container that holds build {name} has ended")
        return held.pid

    def _lay_out(self, folder: Path, fence: Fence | None) -> None:
        steps = make_folder(folder / "steps")
        make_folder(steps / "empty")
        servers = f"nameserver {fence.subnet.proxy}\n".encode() if fence else b""
        for name, data in {"apt.conf": APT.encode(), "ca.pem": self._policy.roots(), "resolv.conf": servers}.items():
            write_private(steps / name, data)
            (steps / name).chmod(0o444)  # whatever user a step runs as


def _locks(settings: SandboxSettings) -> Path:
    return settings.state / "locks"


def _scratch(settings: SandboxSettings, name: str) -> Path:
    """On the disk of the state folder, which is the one that is watched."""
    return settings.state / "builds" / f"scratch-{name}"


def _wanted(labels: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in labels.items()]


def _holder(name: str) -> str:
    return f"airut-build-{name}"


def _spec(name: str, repo: str, image: str, policy: BuildPolicy, logs: Path) -> SandboxSpec:
    """Whose rules the proxy enforces, said as of a sandbox."""
    return SandboxSpec(
        sandbox_id=name,
        thread="",
        task=f"build of {repo} {time.time():.0f}",
        attempt=1,
        repo=repo,
        image=image,
        command=(),
        stdin="",
        environment={},
        mounts=(),
        folder=logs,
        network=policy.network,
    )


def scope_for(cgroup: str, uid: int, *, under_systemd: bool) -> tuple[str, ...]:
    """What goes before the command, by the control group that this process is in."""
    return SCOPE if under_systemd and f"/user@{uid}.service/" not in f"{cgroup}/" else ()


def _cgroup(pid: int) -> str:
    """The cgroup (v2) of a process, `/` where it has none."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.removeprefix("0::") for line in lines if line.startswith("0::")), "/")

"""Sandboxes over rootless Podman: implements `airut.ports.sandbox.Sandboxes`, `Renewals` and `Leftovers`."""

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from airut.adapters.podman.bodies import Placement, agent_body
from airut.adapters.podman.cells import BuildCells
from airut.adapters.podman.clock import Clock
from airut.adapters.podman.containers import Container, Containers
from airut.adapters.podman.engine import Body, Engine
from airut.adapters.podman.fence import Fence, Fences, Policy
from airut.adapters.podman.files import HOSTS, make_folder, remove_folder, write_private
from airut.adapters.podman.following import follow
from airut.adapters.podman.launch import Launcher
from airut.adapters.podman.locks import locked
from airut.adapters.podman.network import Networks
from airut.adapters.podman.opened import OPEN, with_real_values
from airut.adapters.podman.owned import note_owner, owned
from airut.adapters.podman.seccomp import SeccompProfile
from airut.adapters.podman.settings import SandboxSettings
from airut.adapters.podman.warm import WarmFences
from airut.errors import NameTaken
from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.hosts.sandbox import OutputChunk, SandboxRef, SandboxSignal, SandboxSpec
from airut.models.hosts.sweep import OwnedSandbox

KILLED = "killed"
"""File in a sandbox's runtime folder: it was killed by our order. Any process of this host may follow it to its end."""
NEVER_LET_GO = 125
"""The exit code of an entrypoint that waited in vain for `go`: the command has not begun."""

log = logging.getLogger(__name__)


class PodmanSandboxes:
    """One per process. `proxy_image` is the tag that `ProxyImage.ensure` returned."""

    def __init__(
        self,
        engine: Engine,
        settings: SandboxSettings,
        policy: Policy,
        proxy_image: str,
        builds: BuildCells | None = None,
    ) -> None:
        """`builds` are swept along with what belongs to no sandbox."""
        self._settings = settings
        self._policy = policy
        self._containers = Containers(engine)
        self._launcher = Launcher(self._containers, settings, SeccompProfile(engine, settings.state))
        self._calls = SeccompProfile(engine, settings.state, settings.hardening.seccomp)
        self._networks = Networks(engine, settings.pool)
        self._fences = Fences(self._containers, self._networks, self._launcher, settings, policy, proxy_image)
        self._warm = WarmFences(self._fences, settings)
        self._builds = builds
        self.parts: dict[str, float] = {}
        """How long the parts of the last start took, in seconds."""

    async def open(self) -> None:
        """Optional: remove what dead processes left of warm fences, and make the ones that are missing, so that the
        first sandbox already starts fast. Raises: SandboxError"""
        await self.remove_unclaimed()
        await self._warm.refill()

    async def close(self) -> None:
        """Stop what runs in this process. Sandboxes and warm fences stay."""
        await self._warm.close()

    async def discard_warm(self) -> None:
        """Remove all warm fences of this host, for the end of an installation or a test. Raises: SandboxError"""
        await self._warm.discard_all()

    async def owned(self) -> tuple[OwnedSandbox, ...]:
        return await owned(self._containers, self._networks, self._settings)

    async def remove_unclaimed(self) -> None:
        await self._warm.remove_leftovers()
        if self._builds:
            await self._builds.remove_dead()

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        async with self._alone(spec.sandbox_id):  # an attempt that timed out may still be in the middle of its start
            return await self._start_or_adopt(spec)

    async def _start_or_adopt(self, spec: SandboxSpec) -> SandboxRef:
        found = await self._containers.inspect(_agent(spec.sandbox_id))
        if found and self._adoptable(found, spec):
            return SandboxRef(sandbox_id=spec.sandbox_id, container=found.name, folder=spec.folder, adopted=True)
        await self._stop_other_attempts(spec)
        await self._remove(spec.sandbox_id)  # also what a start that was cut off has left
        try:
            warm = await self._start(spec)
        except BaseException:
            await asyncio.shield(self._remove(spec.sandbox_id))
            raise
        self._warm.refill_later()
        return SandboxRef(sandbox_id=spec.sandbox_id, container=_agent(spec.sandbox_id), folder=spec.folder, warm=warm)

    def follow(self, ref: SandboxRef, offset: int) -> AsyncIterator[OutputChunk]:
        return follow(self._containers, self._fences, ref, offset, (self._folder(ref.sandbox_id) / KILLED).exists)

    async def signal(self, ref: SandboxRef, signal: SandboxSignal) -> None:
        match signal:
            case SandboxSignal.PAUSE:
                await self._containers.pause(ref.container)
            case SandboxSignal.THAW:
                await self._containers.thaw(ref.container)
            case SandboxSignal.INTERRUPT:
                await self._containers.thaw(ref.container)  # a frozen process hears nothing
                await self._containers.signal(ref.container, "SIGINT")
            case SandboxSignal.TERMINATE:
                await self._containers.thaw(ref.container)
                await self._containers.signal(ref.container, "SIGTERM")
            case SandboxSignal.KILL:
                if self._folder(ref.sandbox_id).is_dir():  # what was removed has nothing to remember
                    write_private(self._folder(ref.sandbox_id) / KILLED, b"")
                await self._containers.signal(ref.container, "SIGKILL")

    async def remove(self, sandbox_id: str) -> None:
        async with self._alone(sandbox_id):
            await self._remove(sandbox_id)

    async def renew(self, sandbox_id: str, credentials: tuple[AnySandboxCredential, ...]) -> None:
        async with self._alone(sandbox_id):  # not in the middle of a start or a removal
            self._fences.renew_rules(self._folder(sandbox_id), credentials)

    def _alone(self, sandbox_id: str) -> AbstractAsyncContextManager[None]:
        return locked(self._settings.state / "locks", sandbox_id)

    async def _remove(self, sandbox_id: str) -> None:
        container = await self._containers.inspect(_agent(sandbox_id))
        folder = self._folder(sandbox_id)
        fence = self._fences.find(folder, folder)
        named = container.labels.get("airut.fence") if container else None
        name = named or (fence.name if fence else sandbox_id)
        members = [f"airut-proxy-{name}"] + ([container.name] if container else [])
        await asyncio.gather(*map(self._containers.remove, members))
        await self._fences.remove(name, folder)

    def _adoptable(self, found: Container, spec: SandboxSpec) -> bool:
        """Whether the run that is asked for has begun in this container: its command was let go. Then it is followed to
        its end, whatever that was, and never begun again. A start that was itself cut off is.

        Raises:
            NameTaken: it is somebody else's.
        """
        if found.labels.get("airut.spec") != spec.digest():
            raise NameTaken(f"sandbox {spec.sandbox_id} exists with another specification")
        if found.running:
            return (self._folder(spec.sandbox_id) / "agent" / "go").exists()
        # After a reboot `go` is gone with its tmpfs, so that only the end can tell.
        said = (spec.folder / "out" / "exit.json").is_file()
        return found.started and (said or found.exit_code != NEVER_LET_GO)

    async def _stop_other_attempts(self, spec: SandboxSpec) -> None:
        """Two containers of one task never run."""
        labels = (f"airut.installation={self._settings.installation}", f"airut.task={spec.task}", "airut.role=agent")
        for other in await self._containers.labelled(*labels):
            if other["airut.sandbox"] != spec.sandbox_id:
                log.info("removing sandbox %s, an older attempt of %s", other["airut.sandbox"], spec.task)
                # Without its lock: two attempts that start at once would wait for each other for ever.
                await self._remove(other["airut.sandbox"])

    async def _start(self, spec: SandboxSpec) -> bool:
        """Return whether there was a warm fence for it."""
        remove_folder(spec.folder / "out")
        make_folder(spec.folder / "out")
        make_folder(self._settings.runtime)
        clock = Clock()
        folder, log_folder = self._folder(spec.sandbox_id), spec.folder / "log"
        with clock.part("network"):
            fenced = spec.network.enabled
            warm = await self._warm.claim(folder, log_folder) if fenced else None
            labels = self._labels(spec, warm.name if warm else spec.sandbox_id)
            fence = warm or await self._fences.network(
                spec.sandbox_id, folder, log_folder, labels | _role("proxy"), internal=fenced
            )
            note_owner(fence.folder, labels)
            digest = self._fences.set_rules(fence, spec) if fenced else _unfenced(spec)
            self._write_settings(fence, spec)
        await self._start_both(fence, digest, spec, labels, clock, warm=warm is not None)
        with clock.part("limits"):
            await self._launcher.check_limits(_agent(spec.sandbox_id), spec.limits)
        write_private(fence.folder / "agent" / "go", b"")
        log.debug("sandbox %s started, warm=%s: %s", spec.sandbox_id, warm is not None, clock)
        self.parts = clock.parts
        return warm is not None

    async def _start_both(
        self, fence: Fence, digest: str, spec: SandboxSpec, labels: dict[str, str], clock: Clock, *, warm: bool
    ) -> None:
        """Proxy and agent at the same time: the entrypoint holds the agent back until `go`."""

        async def proxy() -> None:
            if not spec.network.enabled:
                return
            with clock.part("proxy"):
                if not warm:
                    await self._fences.start_proxy(fence, labels | _role("proxy"))
                await self._fences.until_ready(fence, digest)

        async def agent() -> None:
            addresses, settings, hardening = fence.subnet.agents, fence.folder / "agent", self._settings.hardening
            own = await self._calls.path()

            def body(place: Placement) -> Body:
                place = dataclasses.replace(place, seccomp=own)
                return agent_body(spec, place, fence.network, addresses, settings, hardening)

            with clock.part("container"):
                await self._launcher.launch(_agent(spec.sandbox_id), labels | _role("agent"), body)

        done = await asyncio.gather(proxy(), agent(), return_exceptions=True)  # both settled before anything is removed
        for problem in done:
            if problem:
                raise problem

    def _write_settings(self, fence: Fence, spec: SandboxSpec) -> None:
        folder = make_folder(fence.folder / "agent")
        limits = {"time": spec.limits.time, "idle": spec.limits.idle, "output": spec.limits.output}
        told = {
            "command": spec.command,
            "cwd": spec.workdir,
            "base_commit": spec.base_commit,
            "streams": spec.streams and spec.streams.model_dump(exclude={"folder"}),
            **limits,
        }
        make_folder(folder / "files")
        texts = {
            "settings.json": json.dumps(told),
            "environment.json": json.dumps(spec.environment),
            "stdin": spec.stdin,
            "hosts": HOSTS.format(name="sandbox"),
            "resolv.conf": f"nameserver {fence.subnet.proxy}\n",
            **{f"files/{Path(name).name}": text for name, text in spec.files.items()},
        }
        for name, text in texts.items():
            if not spec.network.enabled:
                text = with_real_values(text, spec.network.credentials)
            write_private(folder / name, text.encode())
        write_private(folder / "ca.pem", self._policy.roots())

    def _labels(self, spec: SandboxSpec, fence: str) -> dict[str, str]:
        return self._settings.labels(
            self._settings.owner,
            **dict(self._settings.owner_labels),
            sandbox=spec.sandbox_id,
            thread=spec.thread,
            task=spec.task,
            attempt=str(spec.attempt),
            repo=spec.repo,
            spec=spec.digest(),
            fence=fence,
            network="fenced" if spec.network.enabled else OPEN,
            time_limit=str(spec.wall_time),
            started=str(int(time.time())),
        )

    def _folder(self, sandbox_id: str) -> Path:
        return self._settings.runtime / sandbox_id


def _agent(sandbox_id: str) -> str:
    return f"airut-{sandbox_id}"


def _unfenced(spec: SandboxSpec) -> str:
    log.warning(
        "sandbox %s of %s has no fence (repos.%s.network.enabled: false): an open network, and real credentials",
        spec.sandbox_id,
        spec.task,
        spec.repo,
    )
    return ""


def _role(role: str) -> dict[str, str]:
    return {"airut.role": role}

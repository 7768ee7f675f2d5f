"""The composition root of the probe container by which `airut check` looks at a sandbox from inside."""

import contextlib
import os
import secrets
import shutil
import socket
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from airut.adapters.ca import load_or_create_root
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.cells import BuildCells
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.hardening import Hardening, Profile
from airut.adapters.podman.images import PodmanImages
from airut.adapters.podman.marks import Marks
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import RUNTIME, Enforce, SandboxSettings
from airut.adapters.podman.store import ImageStore
from airut.adapters.trees_unshared import UnsharedTrees
from airut.config.schema import Config
from airut.models.hosts.build import BuildPolicy
from airut.models.hosts.sandbox import Limits, Mount, NetworkSpec, SandboxSpec, sandbox_id
from airut.operations.check import inside, probe
from airut.operations.check.finding import Finding
from workers.host_wiring import user_cache

SMALL = Limits(memory=512 * 1024**2, cpus=1, pids=200, time=60, idle=60)
FENCED = NetworkSpec(allowlist=None, repository="airut/check", granted_presets=())
BUILD = 600.0
"""Seconds for the image, where it was never made."""
ELSEWHERE = ("169.254.169.254:80", "10.0.2.2:22", "1.1.1.1:443", "8.8.8.8:53")
"""A cloud's metadata, the host as slirp4netns shows it, and the Internet."""


async def probed(config: Config) -> Sequence[Finding]:
    """Start a sandbox under this configuration, with nothing allowed, and look at it from inside.

    Raises:
        ImageMissing, ImageBuildFailed, EngineUnavailable, EngineError and the rest of `SandboxError`
    """
    name = f"check-{secrets.token_hex(4)}"
    folder, settings = config.state / name, _settings(config, name)
    async with contextlib.AsyncExitStack() as stack:
        engine = Engine(config.sandbox.podman_socket)
        stack.push_async_callback(engine.close)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(shutil.rmtree, settings.runtime, ignore_errors=True)
        rules = FenceRules(load_or_create_root(config.state / "ca"))  # the installation's own: it is in the image
        marks = Marks(user_cache() / "images")
        proxy = ProxyImage(engine, _build_ca(), marks)
        cells = BuildCells(engine, settings, rules, proxy.ensure, UnsharedTrees())
        policy = BuildPolicy(network=FENCED, limits=SMALL, time=BUILD)
        images = PodmanImages(
            ImageStore(engine), cells, lambda _: policy, rules.roots(), folder / "builds", ca=_build_ca(), marks=marks
        )
        stack.push_async_callback(images.close)
        sandboxes = PodmanSandboxes(engine, settings, rules, await proxy.ensure(), cells)
        stack.push_async_callback(sandboxes.close)
        spec = _spec(name, folder, await images.ensure("check", None))
        stack.push_async_callback(sandboxes.remove, spec.sandbox_id)
        ref = await sandboxes.start(spec)
        output = b"".join([chunk.data async for chunk in sandboxes.follow(ref, 0)])
    return tuple(probe.judge(output, root=config.sandbox.profile == "root"))


def _settings(config: Config, name: str) -> SandboxSettings:
    """As the host's own, under another name: nothing of the installation is touched."""
    sandbox = config.sandbox
    hardening = Hardening(profile=Profile(sandbox.profile), seccomp=sandbox.seccomp, nofile=sandbox.nofile)
    return SandboxSettings(
        installation=name,
        host=name,
        state=config.state / name,
        runtime=RUNTIME / name,
        pool=IPv4Network(sandbox.network.pool),
        ipv6=sandbox.network.ipv6,
        enforce=Enforce(config.limits.enforce),
        cgroup_parent=os.environ.get("AIRUT_CGROUP_PARENT"),
        warm=0,
        hardening=hardening,
    )


def _spec(name: str, folder: Path, image: str) -> SandboxSpec:
    tools, workspace = folder / "tools", folder / "workspace"
    for each in (tools, workspace):
        each.mkdir(mode=0o700, parents=True)
    (tools / "inside.py").write_bytes(Path(inside.__file__).read_bytes())
    return SandboxSpec(
        sandbox_id=sandbox_id(name, 1),
        thread=name,
        task=name,
        attempt=1,
        repo="check",
        image=image,
        command=("python3", "-I", "/opt/claude/inside.py", *ELSEWHERE, *_own_addresses()),
        stdin="",
        environment={},
        mounts=(
            Mount(source=tools, target="/opt/claude"),
            Mount(source=workspace, target="/workspace", writable=True),
        ),
        folder=folder / "sandbox",
        limits=SMALL,
        network=FENCED,
    )


def _own_addresses() -> tuple[str, ...]:
    """This machine's own, at the port that most have open."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), 22, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple({f"{address[0]}:22" for *_, address in found if not str(address[0]).startswith("127.")})


def _build_ca() -> Path | None:
    value = os.environ.get("AIRUT_BUILD_CA")
    return Path(value) if value else None

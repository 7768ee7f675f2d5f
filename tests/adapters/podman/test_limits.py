"""The kernel's limits, where this host can set them."""

import dataclasses
import os
from pathlib import Path

import pytest

from airut.adapters.ca import RootCa
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.settings import Enforce, SandboxSettings
from airut.errors import EngineError
from airut.models.hosts.sandbox import Limits
from tests.contract.sandbox import Stage

CONTROLLERS = Path("/sys/fs/cgroup/cgroup.controllers")
needs_controllers = pytest.mark.skipif(
    not os.environ.get("AIRUT_CGROUP_V1") and not os.environ.get("AIRUT_CGROUP_LIMITS"),
    reason="no cgroup controllers are delegated here; scripts/lab brings some along",
)


@needs_controllers
async def test_too_much_memory_kills_the_command(stage: Stage) -> None:
    script = "exec python3 -c 'x = bytearray(400 * 1024 ** 2)'"
    _, ended = await stage.run(stage.spec(script, limits=Limits(memory=128 * 1024**2, cpus=2, pids=100)))
    assert (ended.code, ended.signal) == (137, 9)


async def test_what_is_unlimited_is_not_limited(stage: Stage, engine: Engine) -> None:
    without = Limits(memory=None, cpus=None, pids=None, idle=None)
    async with stage.running("echo ready; sleep 60", limits=without) as ref:
        found = await engine.get(f"/containers/{ref.container}/json", "inspect")
    limits = {name: found["HostConfig"][name] for name in ("Memory", "MemorySwap", "CpuQuota", "PidsLimit")}
    assert limits == {"Memory": 0, "MemorySwap": 0, "CpuQuota": 0, "PidsLimit": 0}  # its own would be 2048


@needs_controllers
async def test_a_fork_bomb_stops_at_the_limit(stage: Stage) -> None:
    script = (
        "exec python3 -c 'import os, time\nn = 0\ntry:\n    while n < 200:\n        if os.fork() == 0: time.sleep(60)\n"
        "        n += 1\nexcept OSError as error: print(n, error.errno)'"
    )
    output, _ = await stage.run(stage.spec(script, limits=Limits(memory=512 * 1024**2, cpus=2, pids=40)))
    forked, error = map(int, output.split())
    assert forked < 40
    assert error == 11


async def test_strict_refuses_a_host_that_cannot_limit(
    stage: Stage, engine: Engine, settings: SandboxSettings, root: RootCa, proxy_image: str
) -> None:
    if CONTROLLERS.exists() and "memory" in CONTROLLERS.read_text():
        pytest.skip("this host can limit")
    strict = PodmanSandboxes(
        engine, dataclasses.replace(settings, enforce=Enforce.STRICT), FenceRules(root), proxy_image
    )
    spec = stage.spec("echo never >/workspace/ran")
    with pytest.raises(EngineError, match=r"limits\.enforce: best_effort"):
        await strict.start(spec)
    assert not (spec.mounts[0].source / "ran").exists()

"""What an operator may change about a sandbox's container, looked at from inside; and what stays as it is."""

import dataclasses
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from airut.adapters.ca import RootCa
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.engine import Engine
from airut.adapters.podman.hardening import Hardening, Profile
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.adapters.podman.seccomp import SeccompProfile
from airut.adapters.podman.settings import SandboxSettings
from airut.adapters.trees_unshared import UnsharedTrees
from tests.adapters.podman.conftest import command_lines
from tests.adapters.podman.test_hardening import look
from tests.contract.sandbox import Stage

type Make = Callable[[Hardening], Stage]


@pytest.fixture
async def make(
    engine: Engine, settings: SandboxSettings, root: RootCa, proxy_image: str, image: str, tmp_path: Path
) -> AsyncIterator[Make]:
    made: list[Stage] = []

    def stage(hardening: Hardening) -> Stage:
        changed = dataclasses.replace(settings, hardening=hardening)
        sandboxes = PodmanSandboxes(engine, changed, FenceRules(root), proxy_image)
        made.append(Stage(sandboxes=sandboxes, folder=tmp_path, image=image))
        return made[-1]

    yield stage
    for one in made:
        for started in one.started:
            await one.sandboxes.remove(started)
    await UnsharedTrees().remove(tmp_path / "workspaces")


async def inside(stage: Stage, folder: Path) -> dict[str, Any]:
    output, ended = await stage.run(stage.spec(look(stage, folder, "hardening no-such-key")))
    assert ended.code == 0
    found: dict[str, Any] = json.loads(output)
    return found


async def test_root_inside_may_install_and_nothing_else(make: Make, tmp_path: Path) -> None:
    stage = make(Hardening(profile=Profile.ROOT))
    found = await inside(stage, tmp_path)
    held = f"{sum(1 << bit for bit in (0, 1, 3, 6, 7)):016x}"  # CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID
    none = "0" * 16
    assert found["capabilities"] == {"CapInh": none, "CapPrm": held, "CapEff": held, "CapBnd": held, "CapAmb": none}
    shown = ("uid", "gid", "no_new_privileges", "seccomp", "install", "mount", "unshare_user", "mknod", "raw_socket")
    assert {
        name: found[name] for name in (*shown, "packet_socket", "unshare_mounts", "kernel", "routes") if name in found
    } == {
        "uid": "0",
        "gid": "0",
        "no_new_privileges": "1",
        "seccomp": "2",
        "install": "ok",
        "mount": "EPERM",
        "unshare_user": "EPERM",
        "unshare_mounts": "EPERM",
        "mknod": "EPERM",
        "raw_socket": "EPERM",
        "packet_socket": "EPERM",
        "kernel": dict.fromkeys(("/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches", "/sys/fs/cgroup/x"), "EROFS"),
    }
    assert (tmp_path / "storage" / "x").stat().st_uid == os.getuid()  # root's files are ours


async def test_what_root_gives_to_others_can_be_removed(make: Make) -> None:
    stage = make(Hardening(profile=Profile.ROOT))
    spec = stage.spec("mkdir /workspace/theirs && touch /workspace/theirs/x && chown -R 33:33 /workspace/theirs; id -u")
    output, ended = await stage.run(spec)
    assert (output, ended.code) == (b"0\n", 0)
    theirs = spec.mounts[0].source / "theirs"
    assert theirs.stat().st_uid not in (0, os.getuid())
    await UnsharedTrees().remove(theirs)
    assert not theirs.exists()


async def test_sizes_and_open_files(make: Make, tmp_path: Path) -> None:
    megabyte = 1024**2
    found = await inside(
        make(Hardening(tmp=5 * megabyte, run=2 * megabyte, var_tmp=3 * megabyte, nofile=300)), tmp_path
    )
    assert found["sizes"] == {"/tmp": 5 * megabyte, "/run": 2 * megabyte, "/var/tmp": 3 * megabyte}
    assert found["nofile"] == [300, 300]


async def test_a_stricter_profile_of_system_calls(
    make: Make, settings: SandboxSettings, engine: Engine, tmp_path: Path
) -> None:
    usual = json.loads((await SeccompProfile(engine, tmp_path).path()).read_bytes())
    refused = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}
    kept = [
        rule | {"names": [name for name in rule["names"] if not name.startswith("mkdir")]} for rule in usual["syscalls"]
    ]
    file = tmp_path / "strict.json"
    file.write_text(json.dumps(usual | {"syscalls": [*(rule for rule in kept if rule["names"]), refused]}))
    stage = make(Hardening(seccomp=file))
    output, _ = await stage.run(stage.spec("mkdir /tmp/x 2>&1 || echo refused; touch /tmp/y && echo fine"))
    assert output.splitlines()[1:] == [b"refused", b"fine"]


async def test_the_environment_is_in_a_file_only(engine: Engine, stage: Stage) -> None:
    spec = stage.spec(
        "echo ready; echo \"$TOKEN\"; tr '\\0' '\\n' </proc/1/environ | grep -c TOKEN; sleep 60",
        environment={"TOKEN": "value-of-it"},
    )
    ref = await stage.sandboxes.start(spec)
    await stage.until(ref, b"value-of-it\n0\n")
    found = await engine.get(f"/containers/{ref.container}/json", "inspect")
    assert "value-of-it" not in json.dumps(found)
    assert not any(b"value-of-it" in line for line in command_lines())

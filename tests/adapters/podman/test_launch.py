"""Limits: read back from the kernel, wherever along the cgroup's path the runtime has put them."""

from pathlib import Path

import pytest

from airut.adapters.podman.bodies import Placement, hardened
from airut.adapters.podman.launch import effective
from airut.models.hosts.sandbox import Limits


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"user.slice/libpod-x.scope/container": "max", "user.slice/libpod-x.scope": "1000"}, 1000),
        ({"user.slice/libpod-x.scope/container": "500", "user.slice/libpod-x.scope": "1000"}, 500),
        ({"user.slice": "2000", "user.slice/libpod-x.scope/container": "max"}, 2000),
        ({"user.slice/libpod-x.scope/container": "max"}, None),
        ({}, None),
    ],
)
def test_effective_limit(tmp_path: Path, values: dict[str, str], found: int | None) -> None:
    for folder, value in values.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "memory.max").write_text(f"{value}\n")
    assert effective(tmp_path, "/user.slice/libpod-x.scope/container", "memory.max") == found


def test_no_cgroup_is_no_limit(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    assert effective(tmp_path, "", "memory.max") is None


def test_limits_are_asked_for_where_the_host_can() -> None:
    limits = Limits(memory=1024, cpus=1.5, pids=7)
    asked = hardened("image", Placement({}, "/airut", limited=True, seccomp=Path("/p")), limits, [])
    assert asked["cgroup_parent"] == "/airut"
    assert asked["resource_limits"] == {
        "memory": {"limit": 1024, "swap": 1024},
        "cpu": {"period": 100_000, "quota": 150_000},
        "pids": {"limit": 7},
    }
    assert "resource_limits" not in hardened(
        "image", Placement({}, None, limited=False, seccomp=Path("/p")), limits, []
    )


def test_no_limit_is_asked_for_where_there_is_none() -> None:
    without = Limits(memory=None, cpus=None, pids=None)
    asked = hardened("image", Placement({}, "/airut", limited=True, seccomp=Path("/p")), without, [])
    assert asked["resource_limits"] == {"pids": {"limit": -1}}  # or the engine would set its own

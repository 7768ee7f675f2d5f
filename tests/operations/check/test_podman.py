"""What `airut check` says of Podman."""

from typing import Any

import pytest

from airut.operations.check.finding import Finding, fail, ok, warn
from airut.operations.check.podman import PodmanFacts, judge

GOOD = PodmanFacts(
    version="4.3.1",
    rootless=True,
    cgroups="v2",
    controllers=("cpuset", "cpu", "io", "memory", "pids"),
    network="netavark",
    storage="overlay",
    native=True,
)
WELL = (
    ok("podman", "4.3.1, rootless, netavark"),
    ok("cgroups", "v2 with cpu, memory, pids"),
    ok("overlay", "mounted by the kernel"),
)
DELEGATE = (
    "as root: write `[Service]` and `Delegate=cpu cpuset io memory pids` into "
    "/etc/systemd/system/user@.service.d/delegate.conf, `systemctl daemon-reload`, log in again"
)


def test_all_is_well() -> None:
    assert tuple(judge(GOOD, strict=True)) == WELL


@pytest.mark.parametrize(
    ("changed", "strict", "said"),
    [
        ({"version": "3.4.4"}, True, fail("podman", "3.4.4 is too old", "install Podman 4.3 or newer")),
        (
            {"rootless": False},
            True,
            fail("podman", "it runs as root", "run Airut as a user of its own: an escape would be root's"),
        ),
        (
            {"network": "cni"},
            True,
            fail("podman", "its network is cni", "install netavark, and set network_backend in containers.conf to it"),
        ),
        ({"cgroups": "v1"}, True, fail("cgroups", "cgroup v1", DELEGATE)),
        (
            {"controllers": ("memory", "pids")},
            True,
            fail("cgroups", "cpu not delegated to this user", DELEGATE),
        ),
        (
            {"controllers": ()},
            False,
            warn("cgroups", "cpu, memory, pids not delegated to this user: sandboxes have no limits", DELEGATE),
        ),
        (
            {"storage": "vfs"},
            True,
            warn(
                "overlay",
                "images are stored by vfs",
                'set driver = "overlay" in storage.conf: every sandbox copies its image otherwise',
            ),
        ),
        (
            {"native": False},
            True,
            warn(
                "overlay",
                "mounted by a program (fuse-overlayfs)",
                "a newer kernel mounts them itself: a sandbox starts faster, and its files are not slowed down",
            ),
        ),
    ],
)
def test_what_is_not(changed: dict[str, Any], strict: bool, said: Finding) -> None:
    (different,) = set(judge(GOOD.model_copy(update=changed), strict=strict)) - set(WELL)
    assert different == said

"""What the two containers of a sandbox are made of, as bodies of Podman's create call. Pure.

The body is written out here and not by podman-py's keyword arguments, which silently lose some of these fields.
"""

import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from airut.adapters.podman.engine import Body
from airut.adapters.podman.hardening import Hardening
from airut.models.hosts.sandbox import Limits, SandboxSpec

ENGINE_GRACE = 300  # seconds that the engine waits beyond the time limit, so that ours can end the run in good order
NOFILE = 65_536
PROXY_LIMITS = Limits(memory=512 * 1024**2, cpus=1, pids=256)
MAPPING = {"nsmode": "keep-id", "value": "uid=1000,gid=1000"}  # one for all: another one copies the image once more
UNLIMITED = -1
STREAMS = "/run/airut-streams"
"""Where the command's own FIFOs are inside. That the mount is read-only does not matter to a FIFO."""
CPU_PERIOD = 100_000  # microseconds, the kernel's default


@dataclass(frozen=True)
class Bind:
    """A bind mount. Always nosuid and nodev."""

    source: Path
    target: str
    writable: bool = False
    executable: bool = False

    def body(self) -> Body:
        options = ["nosuid", "nodev", "rprivate", "rbind", *([] if self.writable else ["ro"])]
        if not self.executable:
            options.append("noexec")
        return {"type": "bind", "source": str(self.source), "destination": self.target, "options": options}


def tmpfs(target: str, size: str | int, mode: str = "1777", *, filled: bool = False) -> Body:
    """`filled`: with what the image has in its place."""
    options = [f"size={size}", f"mode={mode}", "nosuid", "nodev", "rw", *(["tmpcopyup"] if filled else [])]
    return {"type": "tmpfs", "source": "tmpfs", "destination": target, "options": options}


@dataclass(frozen=True)
class Placement:
    """What the engine is told beside the container's own matters. `cgroup_parent` is needed where Podman does not run
    under systemd: without one it drops limits without a word. `limited` is False where the host cannot limit.
    `seccomp` is the profile of system calls."""

    labels: dict[str, str]
    cgroup_parent: str | None
    limited: bool
    seccomp: Path


def hardened(
    image: str, place: Placement, limits: Limits, mounts: Sequence[Body], most_files: int = NOFILE
) -> dict[str, object]:
    """What both containers share: no capability, no new privilege, own namespaces, few places to write."""
    nofile = min(most_files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])  # nobody rootless can raise a hard limit
    private = {"nsmode": "private"}
    body: dict[str, object] = {
        "image": image,
        "command": [],
        "labels": place.labels,
        "env_host": False,
        "httpproxy": False,
        "systemd": "false",
        "restart_policy": "no",
        "user": "1000:1000",
        "userns": MAPPING,
        "pidns": private,
        "ipcns": private,
        "utsns": private,
        "cgroupns": private,
        "cap_drop": ["all"],
        "no_new_privileges": True,
        "seccomp_profile_path": str(place.seccomp),
        "privileged": False,
        "read_only_filesystem": True,
        "image_volume_mode": "tmpfs",
        "mounts": list(mounts),
        "r_limits": [
            {"type": "core", "hard": 0, "soft": 0},
            {"type": "nofile", "hard": nofile, "soft": nofile},
        ],
        "log_configuration": {"driver": "k8s-file", "size": 1024 * 1024},
        "netns": {"nsmode": "bridge"},
        "use_image_hosts": True,
    }
    if place.cgroup_parent:
        body["cgroup_parent"] = place.cgroup_parent
    if place.limited:
        wanted: dict[str, Body | None] = {
            "memory": None if limits.memory is None else {"limit": limits.memory, "swap": limits.memory},
            "cpu": None if limits.cpus is None else {"period": CPU_PERIOD, "quota": int(limits.cpus * CPU_PERIOD)},
            # Without a word, the engine would set a limit of its own.
            "pids": {"limit": UNLIMITED if limits.pids is None else limits.pids},
        }
        body["resource_limits"] = {name: limit for name, limit in wanted.items() if limit is not None}
    return body


def agent_body(
    spec: SandboxSpec, place: Placement, network: str, addresses: Sequence[str], settings: Path, hardening: Hardening
) -> Body:
    """The agent's container: on one network, whose only resolver is the proxy (or the host's, without a fence)."""
    mounts = [
        Bind(settings, "/run/airut").body(),
        Bind(spec.folder / "out", "/run/airut/out", writable=True).body(),
        Bind(settings / "hosts", "/etc/hosts").body(),
        *([Bind(settings / "resolv.conf", "/etc/resolv.conf").body()] if spec.network.enabled else []),
        *([Bind(spec.streams.folder, STREAMS).body()] if spec.streams else []),
        *(Bind(m.source, m.target, writable=m.writable, executable=m.executable).body() for m in spec.mounts),
        tmpfs("/tmp", hardening.tmp),
        # Where tools keep caches and settings (~/.cargo, ~/.npm, ~/.cache): many do nothing without it.
        tmpfs("/home/agent", "2g", filled=True),
        tmpfs("/run", hardening.run, "0755"),
        tmpfs("/var/tmp", hardening.var_tmp),
    ]
    return hardened(spec.image, place, spec.limits, mounts, hardening.nofile) | {
        "entrypoint": ["/opt/airut/python", "-ISE", "/opt/airut/entrypoint.pyc"],
        "work_dir": "/",
        "hostname": "sandbox",
        "networks": {network: {"static_ips": list(addresses)}},
        "use_image_resolve_conf": spec.network.enabled,  # ours is mounted: Podman's carries the host's options along
        "timeout": int(spec.wall_time) + ENGINE_GRACE,  # it counts on while frozen
        **hardening.changes(),
    }


def proxy_body(image: str, place: Placement, networks: Mapping[str, Body], folder: Path, log: Path) -> Body:
    """The proxy's container: on the sandbox's network and on the way out."""
    mounts = [
        Bind(folder / "rules", "/run/airut/rules").body(),
        Bind(folder / "ca", "/run/airut/ca").body(),
        Bind(log, "/run/airut/log", writable=True).body(),
        Bind(folder / "hosts", "/etc/hosts").body(),
        tmpfs("/tmp", "64m"),
    ]
    return hardened(image, place, PROXY_LIMITS, mounts) | {
        "hostname": "proxy",
        "work_dir": "/",
        "networks": networks,
        "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0"},
    }


def holder_body(image: str, place: Placement, limits: Limits, seconds: int, network: Body) -> Body:
    """A container that only is there: what a build runs in. Its network and its control group are joined by the
    build's steps, so that both are a sandbox's."""
    return hardened(image, place, limits, []) | {
        "entrypoint": ["sleep", str(seconds)],
        "hostname": "build",
        "work_dir": "/",
        "timeout": seconds,
        **network,
    }

"""Each row of the hardening table, looked at from inside (spec: sandbox §2, §8)."""

import ctypes
import ipaddress
import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from airut.models.hosts.sandbox import Mount
from tests.contract.sandbox import Stage

PROBE = Path(__file__).parent / "probe.py"
NOWHERE = "ENETUNREACH"
KEY = "airut-test"


def hard_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def look(stage: Stage, folder: Path, arguments: str) -> str:
    """A command that probes; the probe lies where the agent binary does in a real sandbox."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "probe.py").write_bytes(PROBE.read_bytes())
    folders = {name: folder / name for name in ("inbox", "outbox", "storage", "home")}
    for path in folders.values():
        path.mkdir()
    stage.mounts = (
        Mount(source=tools, target="/opt/claude"),
        Mount(source=folders["inbox"], target="/inbox"),
        Mount(source=folders["outbox"], target="/outbox", writable=True),
        Mount(source=folders["storage"], target="/storage", writable=True),
        Mount(source=folders["home"], target="/home/agent/.claude", writable=True),
    )
    return f"python3 /opt/claude/probe.py {arguments}"


@pytest.fixture
def key() -> str:
    """A key of this user on the host, in the keyring of all its processes and in that of this session."""
    library, number = ctypes.CDLL(None, use_errno=True), {"x86_64": 248, "aarch64": 217}[os.uname().machine]
    for ring in (-3, -4):
        assert library.syscall(number, b"user", KEY.encode(), b"secret", 6, ring) > 0, os.strerror(ctypes.get_errno())
    return KEY


@pytest.fixture
async def inside(stage: Stage, key: str, tmp_path: Path) -> dict[str, Any]:
    output, ended = await stage.run(stage.spec(look(stage, tmp_path, f"hardening {key}")))
    assert ended.code == 0
    found: dict[str, Any] = json.loads(output)
    return found


async def test_hardening(inside: dict[str, Any], tmp_path: Path) -> None:
    none = "0" * 16
    proxy = inside["resolv"][1]
    assert inside | {"devices": None, "tmpfs": None, "namespaces": None} == {
        "namespaces": None,
        "keyring": "none",
        "setuid_program": "1000, bit 0o4000",
        "zombies": 0,
        "sizes": {"/tmp": 2 * 1024**3, "/run": 64 * 1024**2, "/var/tmp": 1024**3},
        "nofile": [min(65_536, hard_limit())] * 2,
        "install": "EROFS",
        "uid": "1000",
        "gid": "1000",
        "groups": ["1000"],
        "capabilities": dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), none),
        "no_new_privileges": "1",
        "seccomp": "2",
        "processes": 3,
        "pid_1": "/opt/airut/entrypoint.pyc",
        "hostname": "sandbox",
        "hosts": "127.0.0.1\tlocalhost sandbox\n::1\tlocalhost\n",
        "resolv": ["nameserver", proxy],
        "core": [0, 0],
        "nofile_raised": "refused",
        "write": {
            **dict.fromkeys(("/x", "/etc/x", "/opt/airut/x", "/run/airut/x", "/inbox/x"), "EROFS"),
            "/run/x": "EACCES",
            **dict.fromkeys(("/tmp/x", "/var/tmp/x", "/workspace/x", "/storage/x", "/outbox/x"), "ok"),
            **dict.fromkeys(("/home/agent/x", "/home/agent/.claude/x"), "ok"),
        },
        "kernel": {
            "/proc/sys/kernel/hostname": "EROFS",
            "/proc/sys/vm/drop_caches": "EROFS",
            "/sys/fs/cgroup/x": "EROFS",
        },
        "devices": None,
        "mount": "EPERM",
        "unshare_user": "EPERM",
        "unshare_user_and_network": "EPERM",
        "unshare_network": "EPERM",
        "unshare_mounts": "EPERM",
        "mknod": "EPERM",
        "raw_socket": "EPERM",
        "packet_socket": "EPERM",
        "ptrace_pid_1": "EPERM",
        "setuid_root": "EPERM",
        "tmpfs": None,
        "read_only": dict.fromkeys(("/", "/run/airut", "/inbox", "/opt/claude", "/etc/hosts"), True),
        "sockets": [],
        "environment": [],
    }
    assert {name for name, one in inside["namespaces"].items() if one == os.readlink(f"/proc/self/ns/{name}")} == set()
    assert ipaddress.ip_address(proxy) in ipaddress.ip_network("10.199.0.0/16")
    assert (tmp_path / "home" / "x").exists()  # outside, though the rest of the home goes with the sandbox
    assert all({"nosuid", "nodev"} <= set(flags.split(",")) for flags in inside["tmpfs"].values())
    assert set(inside["devices"]) <= {
        *("console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin"),
        *("stdout", "tty", "urandom", "zero"),
    }
    assert (tmp_path / "storage" / "x").stat().st_uid == os.getuid()  # what the agent makes is ours to delete


async def test_there_is_no_way_out(stage: Stage, tmp_path: Path) -> None:
    others = [
        os.environ.get(name, literal)
        for name, literal in (
            ("AIRUT_LAB_ECHO", "203.0.113.40"),
            ("AIRUT_LAB_METADATA", "169.254.169.254"),
            ("AIRUT_LAB_PRIVATE", "192.168.77.77"),
            ("AIRUT_LAB_DNS", "203.0.113.53"),
        )
    ]
    look(stage, tmp_path, "")
    script = "proxy=$(awk '{print $2}' /etc/resolv.conf); python3 /opt/claude/probe.py network $proxy"
    output, ended = await stage.run(stage.spec(f"{script} {' '.join(others)} 10.0.2.2 10.88.0.1"))
    assert ended.code == 0
    found = json.loads(output)
    proxy = found["dns"]["api.anthropic.com"]
    network = ipaddress.ip_network(f"{proxy}/29", strict=False)
    assert found == {
        "routes": [[network.network_address.packed[::-1].hex().upper(), "00000000"]],
        "ipv6_routes": found["ipv6_routes"],
        "interfaces": ["eth0", "lo"],
        "proxy": {"53": "ok", "80": "ok", "443": "ok"},
        "proxy_other": {"22": "ECONNREFUSED", "8080": "ECONNREFUSED", "5355": "ECONNREFUSED"},
        "others": dict.fromkeys((*others, "10.0.2.2", "10.88.0.1"), NOWHERE),
        "dns": {"api.anthropic.com": proxy, "not-allowed.example.org": proxy, "x.invalid": "rcode 3"},
        "dns_elsewhere": dict.fromkeys((*others, "10.0.2.2", "10.88.0.1"), NOWHERE),
    }
    assert not any(line.split()[0] == "0" * 32 for line in found["ipv6_routes"])  # no default route either

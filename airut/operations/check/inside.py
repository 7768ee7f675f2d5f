"""Runs inside a sandbox and tells, as one line of JSON, what it finds there. Standard library only, nothing of ours."""

import ctypes
import errno
import json
import os
import resource
import socket
import sys
from collections.abc import Callable

PATIENCE = 2
"""Seconds for one connection: what answers at all is on this machine."""


def outcome(attempt: Callable[[], object]) -> str:
    """`ok`, or the name of the error."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return "ok"


def write(path: str) -> str:
    def attempt() -> None:
        with open(path, "w") as file:  # noqa: PTH123 - pathlib costs a quarter of the probe's start
            file.write("x")

    return outcome(attempt)


def connect(address: str, port: int) -> str:
    return outcome(lambda: socket.create_connection((address, port), timeout=PATIENCE).close())


def call(name: str, *arguments: int | bytes | None) -> str:
    library = ctypes.CDLL(None, use_errno=True)
    done = getattr(library, name)(*arguments)
    return "ok" if done == 0 else errno.errorcode[ctypes.get_errno()]


def read(path: str) -> str:
    with open(path) as file:  # noqa: PTH123 - as above
        return file.read()


def hardening() -> dict[str, object]:
    own = dict(line.split(":\t", 1) for line in read("/proc/self/status").splitlines() if ":\t" in line)
    return {
        "user": own["Uid"].split()[0],
        "groups": own["Groups"].split(),
        "capabilities": "".join(sorted({own[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")})),
        "no new privileges": own["NoNewPrivs"],
        "seccomp": own["Seccomp"],
        "host name": socket.gethostname(),
        "processes of others": sum(name.isdigit() for name in os.listdir("/proc")) > 10,  # noqa: PTH208 - as above
        "core files": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "writing to /": write("/airut-check"),
        "writing to /etc": write("/etc/airut-check"),
        "writing to /run/airut": write("/run/airut/airut-check"),
        "writing to /tmp": write("/tmp/airut-check"),  # noqa: S108 - inside the container
        "writing to /workspace": write("/workspace/airut-check"),
        "writing to /proc/sys": write("/proc/sys/kernel/hostname"),
        "writing to cgroups": write("/sys/fs/cgroup/airut-check"),
        "mounting": call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
        "a user namespace": call("unshare", 0x10000000),
        "a network namespace": call("unshare", 0x40000000),
        "a device": outcome(lambda: os.mknod("/tmp/airut-null", 0o20666, os.makedev(1, 3))),  # noqa: S108 - as above
        "a raw socket": outcome(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()),
        "tracing PID 1": call("ptrace", 16, 1, None, None),
        "becoming root": outcome(lambda: os.setuid(0)),
        "sockets of engines": [
            path
            for path in ("/run/podman", "/run/user", "/var/run/docker.sock")
            if os.path.exists(path)  # noqa: PTH110
        ],
    }


def network(others: list[str]) -> dict[str, object]:
    """`others` are addresses, each with a port, that nobody may reach from in here."""
    proxy = read("/etc/resolv.conf").split()[1]
    routes = [line.split() for line in read("/proc/net/route").splitlines()[1:]]
    return {
        "proxy": {str(port): connect(proxy, port) for port in (53, 80, 443)},
        "default route": any(fields[1] == "00000000" for fields in routes),
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "reached": [other for other in others if connect(*_address(other)) == "ok"],
        "name": outcome(lambda: socket.gethostbyname("airut-check.example.org")),
    }


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    # The network first: a probe that hangs there says nothing of the rest, and should not have changed anything.
    print(json.dumps({"network": network(sys.argv[1:]), "hardening": hardening()}))

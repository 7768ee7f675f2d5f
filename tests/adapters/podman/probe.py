"""Runs inside a sandbox and tells, as one JSON object, what it finds there. Standard library only."""

import contextlib
import ctypes
import errno
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable


def outcome(attempt: Callable[[], object]) -> str:
    """`ok`, or the name of the error."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return "ok"


def connect(address: str, port: int) -> str:
    def attempt() -> None:
        socket.create_connection((address, port), timeout=2).close()

    return outcome(attempt)


def write(path: str) -> str:
    def attempt() -> None:
        with open(path, "w") as file:
            file.write("x")

    return outcome(attempt)


def libc(name: str, *arguments: int | bytes | None) -> str:
    library = ctypes.CDLL(None, use_errno=True)
    done = getattr(library, name)(*arguments)
    return "ok" if done == 0 else errno.errorcode[ctypes.get_errno()]


def ask(server: str, name: str, port: int = 53) -> str:
    """The first IPv4 address that a name server answers, over UDP."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(20)  # the proxy may have to wait for a processor
        try:
            client.sendto(struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + question, (server, port))
            answer = client.recv(512)
        except OSError as error:
            return errno.errorcode.get(error.errno or 0, type(error).__name__)
    return socket.inet_ntoa(answer[-4:]) if struct.unpack(">H", answer[6:8])[0] else f"rcode {answer[3] & 15}"


def status() -> dict[str, str]:
    with open("/proc/self/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def read(path: str) -> str:
    with open(path) as file:
        return file.read()


def mounts() -> dict[str, str]:
    return {line.split()[4]: line.split()[5] for line in read("/proc/self/mountinfo").splitlines()}


def keyring(name: bytes) -> str:
    """Looks for a key of the host's user, who is this one, in the user's keyring and in the session's."""
    library = ctypes.CDLL(None, use_errno=True)
    search, number = 10, {"x86_64": 250, "aarch64": 219}[os.uname().machine]  # KEYCTL_SEARCH; keyctl(2)
    found = [library.syscall(number, search, ring, b"user", name, 0) for ring in (-3, -4)]
    return "found" if max(found) > 0 else "none"


def setuid_program() -> str:
    """The effective user of a program of root's with the setuid bit, while it waits for a password."""
    with subprocess.Popen(["/usr/bin/su"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as su:
        time.sleep(0.2)
        with open(f"/proc/{su.pid}/status") as file:
            users = next(line.split()[1:] for line in file if line.startswith("Uid:"))
        su.kill()
    return f"{users[1]}, bit {oct(os.stat('/usr/bin/su').st_mode & 0o4000)}"


def left_by_orphans() -> int:
    """Children of nobody that have ended and that nobody has asked about."""
    subprocess.run(["sh", "-c", "for i in 1 2 3 4 5; do (sleep 0.1 &) ; done"], check=True)
    time.sleep(1)
    for _ in range(100):  # PID 1 may have to wait for a processor
        if not zombies():
            break
        time.sleep(0.1)
    return zombies()


def zombies() -> int:
    found = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):  # somebody has asked about it meanwhile
            found += read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] == "Z"
    return found


def size(path: str) -> int:
    found = os.statvfs(path)
    return found.f_blocks * found.f_frsize


def hardening() -> dict[str, object]:
    own = status()
    return {
        "uid": own["Uid"].split()[0],
        "gid": own["Gid"].split()[0],
        "groups": own["Groups"].split(),
        "capabilities": {name: own[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
        "no_new_privileges": own["NoNewPrivs"],
        "seccomp": own["Seccomp"],
        "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
        "pid_1": read("/proc/1/cmdline").split("\0")[-2],
        "hostname": socket.gethostname(),
        "hosts": read("/etc/hosts"),
        "resolv": read("/etc/resolv.conf").split(),
        "namespaces": {
            name: os.readlink(f"/proc/self/ns/{name}") for name in ("ipc", "pid", "uts", "cgroup", "net", "user", "mnt")
        },
        "keyring": keyring(sys.argv[2].encode()),
        "setuid_program": setuid_program(),
        "zombies": left_by_orphans(),
        "sizes": {path: size(path) for path in ("/tmp", "/run", "/var/tmp")},
        "nofile": resource.getrlimit(resource.RLIMIT_NOFILE),
        "install": write("/usr/local/bin/x"),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "nofile_raised": outcome_of_raise(),
        "write": {
            path: write(path)
            for path in ("/x", "/etc/x", "/opt/airut/x", "/run/airut/x", "/inbox/x", "/tmp/x", "/run/x", "/var/tmp/x")
        }
        | {
            path: write(path)
            for path in ("/workspace/x", "/storage/x", "/outbox/x", "/home/agent/x", "/home/agent/.claude/x")
        },
        "kernel": {
            path: write(path) for path in ("/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches", "/sys/fs/cgroup/x")
        },
        "devices": sorted(os.listdir("/dev")),
        "mount": libc("mount", b"none", b"/tmp", b"tmpfs", 0, None),
        "unshare_user": libc("unshare", 0x10000000),
        "unshare_user_and_network": libc("unshare", 0x50000000),
        "unshare_network": libc("unshare", 0x40000000),
        "unshare_mounts": libc("unshare", 0x00020000),
        "mknod": outcome(lambda: os.mknod("/tmp/null", 0o20666, os.makedev(1, 3))),
        "raw_socket": outcome(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()),
        "packet_socket": outcome(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()),
        "ptrace_pid_1": libc("ptrace", 16, 1, None, None),
        "setuid_root": outcome(lambda: os.setuid(0)),
        "tmpfs": {
            path: flags for path, flags in mounts().items() if path in ("/tmp", "/run", "/var/tmp", "/home/agent")
        },
        "read_only": {
            path: "ro" in mounts()[path].split(",")
            for path in ("/", "/run/airut", "/inbox", "/opt/claude", "/etc/hosts")
        },
        "sockets": [name for name in ("/run/podman", "/run/user", "/var/run/docker.sock") if os.path.exists(name)],
        "environment": sorted(name for name in os.environ if name.startswith(("HTTP", "http", "AIRUT"))),
    }


def outcome_of_raise() -> str:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard + 1, hard + 1))
    except (ValueError, OSError):
        return "refused"
    return "ok"


def network(proxy: str, others: list[str]) -> dict[str, object]:
    return {
        "routes": [line.split()[1:3] for line in read("/proc/net/route").splitlines()[1:]],
        "ipv6_routes": [line for line in read("/proc/net/ipv6_route").splitlines() if not line.endswith("lo")],
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "proxy": {port: connect(proxy, port) for port in (53, 80, 443)},
        "proxy_other": {port: connect(proxy, port) for port in (22, 8080, 5355)},
        "others": {address: connect(address, 443) for address in others},
        "dns": {name: ask(proxy, name) for name in ("api.anthropic.com", "not-allowed.example.org", "x.invalid")},
        "dns_elsewhere": {address: ask(address, "example.org") for address in others},
    }


if __name__ == "__main__":
    print(json.dumps(hardening() if sys.argv[1] == "hardening" else network(sys.argv[2], sys.argv[3:])))

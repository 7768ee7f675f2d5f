"""Whether this machine can run sandboxes and a service: what was read of it, judged (spec: operations §7.1)."""

import re
from collections.abc import Iterator

from airut.models.base import Model
from airut.operations.check.finding import Finding, fail, ok, warn

GIT = (2, 39)
"""The first whose `git clone` and `bundle` have what the mirror uses (Debian 12)."""
KERNEL = (5, 13)
"""The first in which a rootless user may mount overlays with all that Podman needs."""
SUB_IDS = 65_536
"""An image may hold any of the 16-bit users."""


class Facts(Model):
    """Of this machine and the user that would run the service. None: it could not be told."""

    git: str | None
    """What `git --version` says; None where there is no git."""
    kernel: str
    user: str
    sub_users: int
    sub_groups: int
    systemd: bool
    linger: bool
    synchronized: bool | None
    state: str
    free: float
    """Share of the file system that holds `state_dir`."""
    free_bytes: int
    min_free: float = 0.1
    dotenv: tuple[str, ...] = ()
    """Files called `.env` that others may read."""
    taken: tuple[str, ...] = ()
    """Ports that we would listen on, and somebody else does; each with the key that changes it."""
    others: tuple[str, ...] = ()
    """People with an account of their own here, while the dashboard lets everybody in."""


def judge(facts: Facts) -> tuple[Finding, ...]:
    return tuple(
        finding
        for of in (_git, _kernel, _sub_ids, _linger, _clock, _disk, _dotenv, _ports, _others)
        for finding in of(facts)
    )


def _git(facts: Facts) -> Iterator[Finding]:
    if facts.git is None:
        yield fail("git", "not installed", "install the package git (2.39 or newer)")
    elif (version := version_in(facts.git)) < GIT:
        yield fail("git", f"{_dotted(version)} is too old", "install git 2.39 or newer")
    else:
        yield ok("git", _dotted(version))


def _kernel(facts: Facts) -> Iterator[Finding]:
    if version_in(facts.kernel) < KERNEL:
        yield warn("kernel", f"{facts.kernel} is old", "use Linux 5.13 or newer: older ones mount no overlay rootless")
    else:
        yield ok("kernel", facts.kernel)


def _sub_ids(facts: Facts) -> Iterator[Finding]:
    for name, option, count in (
        ("subuid", "--add-subuids", facts.sub_users),
        ("subgid", "--add-subgids", facts.sub_groups),
    ):
        if count < SUB_IDS:
            remedy = f"as root: `usermod {option} 100000-165535 {facts.user}` (a range that nobody else has)"
            yield fail(name, f"{facts.user} has {count} in /etc/{name}, and needs {SUB_IDS}", remedy)
        else:
            yield ok(name, f"{count} for {facts.user}")


def _linger(facts: Facts) -> Iterator[Finding]:
    if not facts.systemd:
        yield ok("linger", "no systemd here; keep `airut up` running with the supervisor that there is")
    elif not facts.linger:
        remedy = f"run `loginctl enable-linger {facts.user}`, else all of it ends when {facts.user} logs out"
        yield warn("linger", "off", remedy, "loginctl", "enable-linger", facts.user)
    else:
        yield ok("linger", "on")


def _clock(facts: Facts) -> Iterator[Finding]:
    if facts.synchronized is None:
        yield ok("clock", "whether it is synchronized cannot be told here")
    elif not facts.synchronized:
        remedy = "run an NTP service (`timedatectl set-ntp true`): tokens and leases go by the clock"
        yield warn("clock", "not synchronized", remedy)
    else:
        yield ok("clock", "synchronized")


def _disk(facts: Facts) -> Iterator[Finding]:
    says = f"{facts.free_bytes / 1024**3:.1f} GiB ({facts.free:.0%}) free at {facts.state}"
    if facts.free < facts.min_free:
        remedy = f"make room: below disk.min_free ({facts.min_free:.0%}) no task is taken"
        yield fail("disk", says, remedy)
    else:
        yield ok("disk", says)


def _dotenv(facts: Facts) -> Iterator[Finding]:
    for file in facts.dotenv:
        yield warn("secrets file", f"{file} can be read by others", f"run `chmod 600 {file}`", "chmod", "600", file)


def _ports(facts: Facts) -> Iterator[Finding]:
    for taken in facts.taken:
        yield fail("ports", f"{taken}: in use by something else", "stop what listens there, or give another port")
    if not facts.taken:
        yield ok("ports", "free, or in use by this installation")


def _others(facts: Facts) -> Iterator[Finding]:
    if facts.others:
        names = ", ".join(facts.others[:5]) + (", …" if len(facts.others) > 5 else "")
        remedy = "set dashboard.auth: token; without, whoever has an account here sees and steers every thread"
        yield warn("other users", names, remedy)


def version_in(text: str) -> tuple[int, ...]:
    """The first dotted number in it; () where there is none."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "unknown"

"""What the operator and the installation decide about sandboxes on this host."""

import ipaddress
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from airut.adapters.podman.hardening import Hardening


class Enforce(StrEnum):
    """What happens where the kernel does not let us limit memory, CPU and processes."""

    STRICT = "strict"
    """No sandbox is started."""
    BEST_EFFORT = "best_effort"
    """It is started without."""


POOL = ipaddress.IPv4Network("10.199.0.0/16")


RUNTIME = Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")) / "airut"
"""Of all installations of this user."""


@dataclass(frozen=True)
class SandboxSettings:
    """`state` is the installation's state folder, `runtime` a tmpfs of this user for what holds secrets."""

    installation: str
    host: str
    state: Path
    runtime: Path = RUNTIME
    pool: ipaddress.IPv4Network = POOL
    ipv6: bool = False
    """Whether sandboxes have IPv6 addresses besides, of a unique local prefix that leads nowhere else."""
    enforce: Enforce = Enforce.STRICT
    cgroup_parent: str | None = None
    """Needed where Podman does not run under systemd; its value is a path below /sys/fs/cgroup."""
    warm: int = 1
    """Networks with a running proxy kept ready, each of which makes one start faster. 0 is off."""

    owner: str = "task"
    """Whose sandboxes these are: a thread's tasks, or a command line."""
    owner_labels: tuple[tuple[str, str], ...] = ()
    """What tells the one from the others of its kind (`pid`: 17), for whoever sweeps."""
    hardening: Hardening = field(default_factory=Hardening)

    def labels(self, owner: str, **more: str) -> dict[str, str]:
        """Labels of everything that this installation makes on this host."""
        named = {f"airut.{key}": value for key, value in more.items()}
        return {"airut.installation": self.installation, "airut.host": self.host, "airut.owner": owner, **named}

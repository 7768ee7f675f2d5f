"""What an operator may change about a sandbox's container; everything else of it is fixed (spec: sandbox §2)."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from airut.adapters.podman.engine import Body

ROOT_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID")
"""What a package manager needs, and no more."""


SUB_USERS = 65_536
"""Of this user, as every rootless Podman wants them."""


class Profile(StrEnum):
    """Who the agent is in its container."""

    DEFAULT = "default"
    ROOT = "root"
    """Root, with a root file system that can be written to, for repositories whose tools install packages."""


@dataclass(frozen=True)
class Hardening:
    """Sizes in bytes. `seccomp` is a profile of system calls in place of the engine's, which must allow no more."""

    profile: Profile = Profile.DEFAULT
    seccomp: Path | None = None
    tmp: int = 2 * 1024**3
    run: int = 64 * 1024**2
    var_tmp: int = 1024**3
    nofile: int = 65_536

    def changes(self) -> Body:
        """What differs in the body of the create call. Root inside is this user outside, as the agent is otherwise: so
        that what it makes can be read here. All else of the hardening stays, no-new-privileges included."""
        if self.profile is Profile.DEFAULT:
            return {}
        own = [{"container_id": 0, "host_id": 0, "size": SUB_USERS}]  # `keep-id` cannot keep this user as root
        return {
            "user": "0:0",
            "userns": {"nsmode": "private"},
            "idmappings": {"HostUIDMapping": False, "HostGIDMapping": False, "UIDMap": own, "GIDMap": own},
            "cap_add": list(ROOT_CAPABILITIES),
            "read_only_filesystem": False,
        }

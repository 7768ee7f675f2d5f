"""Which worker processes of this state folder live: each holds a lock that the kernel takes away when it ends."""

import fcntl
import os
import platform
import secrets
from pathlib import Path

from airut.adapters.podman.locks import hold

_SUFFIX = ".lease"


class Leases:
    """The leases below one state folder, which all processes of a host share. Locks, unlike process ids, mean the same
    in every container that has the folder, and are never taken over by an unrelated process."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "workers"
        self._held: list[int] = []

    def take(self, role: str) -> str:
        """A name for this start of this process, which Temporal records with each activity that it begins. The lease
        is held until the process ends, however it ends."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{role}@{platform.node() or 'host'}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held.append(hold(self._folder / f"{name}{_SUFFIX}"))
        return name

    def ended(self) -> frozenset[str]:
        """The names whose process has ended without `forget` after it. Another folder's names are never among them."""
        found = self._folder.glob(f"*{_SUFFIX}") if self._folder.is_dir() else ()
        return frozenset(path.name.removesuffix(_SUFFIX) for path in found if not _held(path))

    def living(self, machine: str) -> frozenset[str]:
        """The names whose process runs, of this machine (or container) alone."""
        found = self._folder.glob(f"*@{machine}:*{_SUFFIX}") if self._folder.is_dir() else ()
        return frozenset(path.name.removesuffix(_SUFFIX) for path in found if _held(path))

    def forget(self, names: frozenset[str]) -> None:
        """Nothing of theirs is left to look for."""
        for name in names:
            (self._folder / f"{name}{_SUFFIX}").unlink(missing_ok=True)

    def release(self) -> None:
        """Let go of what `take` took, as the end of the process would."""
        while self._held:
            os.close(self._held.pop())


def _held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True  # another process has just forgotten it, and has dealt with it
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False

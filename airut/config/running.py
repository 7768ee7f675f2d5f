"""Which process runs a state folder as a whole: `airut up`. One at a time, since it holds databases and ports."""

import fcntl
import os
from pathlib import Path

from airut.errors import AlreadyRunning


def _path(state: Path) -> Path:
    return state / "up.lock"


def take(state: Path) -> int:
    """Make this process the one, until it ends however it ends; returns a descriptor to keep open.

    Raises:
        AlreadyRunning: another one is; says how to stop it.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(_path(state), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise AlreadyRunning(
            f"airut up runs already on {state} (process {running(state) or 'unknown'}); "
            "`airut down` stops it, another state_dir runs beside it"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def running(state: Path) -> int | None:
    """The process of `airut up` on this state folder; None where none runs, 0 where it does not say yet."""
    try:
        descriptor = os.open(_path(state), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.pread(descriptor, 20, 0).strip() or b"0")
    finally:
        os.close(descriptor)
    return None

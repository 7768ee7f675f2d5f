"""One start or removal of a sandbox at a time, among all processes of a host."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from airut.adapters.podman.files import make_folder

POLL = 0.05  # seconds; only where two attempts of one task overlap, and what they wait for takes a second


@asynccontextmanager
async def locked(folder: Path, name: str) -> AsyncIterator[None]:
    """Hold the lock of this name. The kernel lets go of it when the process ends, so that none is ever stale; who holds
    it has deadlines of its own. The file goes with its holder."""
    make_folder(folder)
    path = folder / name
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(POLL)
            if _is_still(path, descriptor):  # else its holder has removed it, and somebody may hold its successor
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return
        finally:
            os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def hold(path: Path, content: bytes = b"") -> int:
    """Make this file, with its lock held while the descriptor is open: until the process ends, at the latest. One that
    can be seen is held: it is locked under another name first. Raises: OSError"""
    partial = path.with_name(f".{path.stem}")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, content)
    partial.rename(path)
    return descriptor


def is_held(folder: Path, name: str) -> bool:
    """Whether a process that lives holds the lock of this name."""
    try:
        descriptor = os.open(folder / name, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False

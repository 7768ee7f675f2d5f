"""A lock that git does not have: between the processes and tasks that share a mirror or a workspace's place."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

PATIENCE = 900.0
"""Seconds: longer than a first fetch of a large repository may take; then the caller's own retry takes over."""

# A blocking flock cannot be cancelled, so it is tried; twenty times a second is no load and no felt delay.
_INTERVAL = 0.05


@asynccontextmanager
async def locked(path: Path, *, exclusive: bool = True, patience: float = PATIENCE) -> AsyncIterator[int]:
    """Hold `path` locked (flock(2)); yields the descriptor, which a child process may keep open to keep the lock.

    It is released when the last copy of the descriptor is closed, whoever is killed before.

    Raises:
        TimeoutError: somebody else held it for `patience` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        async with asyncio.timeout(patience):
            while not _try(descriptor, exclusive):  # noqa: ASYNC110  # another process sets no event of ours
                await asyncio.sleep(_INTERVAL)
        yield descriptor
    finally:
        os.close(descriptor)


def _try(descriptor: int, exclusive: bool) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""The disk of a sandbox host: what one thread may take of it, and whether there is room for more tasks."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from airut.errors import TreeError, TreeTooLarge
from airut.models.hosts.disk import QuotaState, gib
from airut.models.hosts.folders import Folders
from airut.ports.trees import Trees

EVERY = 60.0
"""Seconds between two measurements. A disk of 100 MB/s takes six GB in between: the host's `disk.min_free` is for
that."""
COUNTLESS_AFTER = 3
"""Measurements in a row that took too long: one may be the machine's load."""
LARGEST = 5

log = logging.getLogger(__name__)


class Quota:
    """Watches one thread's folders while its agent runs. `look` is asked as often as one likes: it never waits for the
    disk, and tells what was measured last."""

    def __init__(
        self, trees: Trees, folders: Folders, limit: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._trees = trees
        self._folders = (folders.workspace, folders.storage, folders.home)
        self._clock = clock
        self._state = QuotaState(limit=limit)
        self._measuring: asyncio.Task[None] | None = None
        self._measured: float | None = None
        self._too_long = 0

    async def look(self) -> QuotaState:
        due = self._measured is None or self._clock() - self._measured >= EVERY
        if self._state.limit is not None and due and (self._measuring is None or self._measuring.done()):
            self._measured = self._clock()
            self._measuring = asyncio.create_task(self._measure())
        return self._state

    async def largest(self) -> tuple[str, ...]:
        """`workspace/node_modules (4.2 GiB)`, largest first: for the answer to a full one."""
        found: list[tuple[int, str]] = []
        for folder in self._folders:
            try:
                parts = await self._trees.largest(folder, LARGEST)
            except TreeError as error:
                log.warning("%s", error)
                continue
            found += [(size, f"{folder.name}/{shown(name)}") for name, size in parts]
        return tuple(f"{name} ({gib(size)})" for size, name in sorted(found, reverse=True)[:LARGEST])

    async def close(self) -> None:
        """End a measurement that is under way."""
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)

    async def _measure(self) -> None:
        try:
            used = await self._trees.used(self._folders)
        except TreeTooLarge as error:
            log.warning("%s", error)
            self._too_long += 1
            if self._too_long >= COUNTLESS_AFTER:
                self._state = self._state.model_copy(update={"countless": True})
        except TreeError as error:  # the host's fault: no reason to end an agent
            log.warning("%s", error)
        else:
            self._too_long = 0
            self._state = self._state.model_copy(update={"used": used, "countless": False})


def free_share(path: Path) -> float:
    """The share of the file system below `path` that a user may still fill: of its bytes, or of its files if less."""
    status = os.statvfs(path)
    shares = [status.f_bavail / status.f_blocks if status.f_blocks else 1.0]
    if status.f_files:  # some file systems do not count files
        shares.append(status.f_favail / status.f_files)
    return min(shares)


def room(path: Path, min_free: float) -> bool:
    """Whether new tasks are taken: at least that share of the disk is free. A disk that cannot be asked has none."""
    try:
        return free_share(path) >= min_free
    except OSError as error:
        log.warning("%s: %s", path, error.strerror)
        return False


def shown(name: str) -> str:
    """An enemy's name, fit for a line of text."""
    return "".join(character if character.isprintable() else "_" for character in name)[:80]

"""Warm fences: networks with a proxy that runs and denies everything, each claimed once by one sandbox.

Starting the proxy is most of what a sandbox's start costs. A claim is the renaming of the fence's folder, so that two
processes never take the same one; its mounts do not notice.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from pathlib import Path

from airut.adapters.podman.fence import Fence, Fences
from airut.adapters.podman.files import make_folder, remove_folder
from airut.adapters.podman.settings import SandboxSettings
from airut.errors import SandboxError

MAX_AGE = 24 * 3600.0  # its issuing certificate lasts seven days, and a sandbox may run for seven
START_MOST = 600.0  # seconds; what a start or a refill of a living process may take, many times over
PAUSE = 3.0  # seconds after a claim: the agent that was just started needs the CPU more

log = logging.getLogger(__name__)


class WarmFences:
    """Keeps `settings.warm` fences ready on this host; several processes may share them."""

    def __init__(self, fences: Fences, settings: SandboxSettings) -> None:
        self._fences = fences
        self._settings = settings
        self._filling = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def claim(self, folder: Path, log_folder: Path) -> Fence | None:
        """A fence whose folder is now `folder`, or None. Raises: EngineUnavailable, EngineError"""
        for warm in self._ready():
            fence = self._fences.find(warm, self._log_of(warm))
            if fence is None:
                continue
            with contextlib.suppress(OSError):
                warm.rename(folder)  # the claim: one process gets it, for the others it is gone
                claimed = Fence(fence.name, fence.subnet, folder, log_folder)
                if self._usable(claimed, fence.log, log_folder) and await self._fences.alive(fence.name):
                    return claimed
                await self._fences.remove(fence.name, folder)
        return None

    def refill_later(self) -> None:
        """Replace what was claimed, in the background."""
        if self._settings.warm:
            task = asyncio.get_running_loop().create_task(self._later())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def refill(self) -> None:
        """Make what is missing, remove what is stale. Raises: SandboxError"""
        async with self._filling:
            for warm in self._ready():
                fence = self._fences.find(warm, self._log_of(warm))
                if fence is None or not self._fences.current(warm, MAX_AGE) or not await self._fences.alive(fence.name):
                    await self._discard(warm)
            while len(self._ready()) < self._settings.warm:
                await self._make()

    async def remove_leftovers(self) -> None:
        """Remove what this installation made on this host for warm fences, and nobody will claim or use: of a process
        that was killed while it made or claimed one, and of the time before a reboot. Raises: SandboxError"""
        for name in await self._fences.named(self._settings.labels("warm")):
            if not await self._in_use(name):
                log.info("removing what is left of warm proxy %s", name)
                await self._discard(self._settings.runtime / f"making-{name}")
        for making in self._settings.runtime.glob("making-*"):
            if not _young(making):
                remove_folder(making)

    async def _in_use(self, name: str) -> bool:
        """Whether somebody has this fence, or may still take it. A claim renames `warm-…`: first that folder is looked
        for, then the others, so that one which is claimed in between is seen."""
        runtime = self._settings.runtime
        if self._fences.find(runtime / f"warm-{name}", self._settings.state) or _young(runtime / f"making-{name}"):
            return True
        for folder in runtime.iterdir() if runtime.is_dir() else ():
            fence = self._fences.find(folder, self._settings.state)
            if fence and fence.name == name and _young(folder):
                return True  # claimed, and its agent's container is being made
        return await self._fences.has_agent(name)

    async def close(self) -> None:
        """Stop refilling. What is ready stays for the next process."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def discard_all(self) -> None:
        """Raises: EngineUnavailable, EngineError"""
        for warm in self._ready():
            await self._discard(warm)

    async def _later(self) -> None:
        await asyncio.sleep(PAUSE)
        try:
            await self.refill()
        except SandboxError as error:  # a start without a warm fence is slower, and nothing else
            log.warning("no warm proxy: %s", error)

    async def _make(self) -> None:
        name = f"w{secrets.token_hex(6)}"
        begun = time.monotonic()
        making = self._settings.runtime / f"making-{name}"
        labels = self._settings.labels("warm", fence=name)
        try:
            fence = await self._fences.network(name, making, self._log_of(making), labels)
            digest = self._fences.set_rules(fence, None)
            await self._fences.start_proxy(fence, labels)
            await self._fences.until_ready(fence, digest)
        except BaseException:
            await asyncio.shield(self._fences.remove(name, making))
            raise
        making.rename(self._settings.runtime / f"warm-{name}")
        log.debug("warm proxy %s ready in %.2f s", name, time.monotonic() - begun)

    async def _discard(self, warm: Path) -> None:
        name = warm.name.partition("-")[2]
        remove_folder(self._log_of(warm))
        await self._fences.remove(name, warm)

    def _usable(self, fence: Fence, made_log: Path, log_folder: Path) -> bool:
        if not self._fences.current(fence.folder, MAX_AGE):
            return False
        remove_folder(log_folder)
        make_folder(log_folder.parent)
        made_log.rename(log_folder)
        return True

    def _ready(self) -> list[Path]:
        return sorted(self._settings.runtime.glob("warm-*"))

    def _log_of(self, folder: Path) -> Path:
        return self._settings.state / "warm" / folder.name.partition("-")[2]


def _young(folder: Path) -> bool:
    """Whether this folder was made or renamed a short while ago."""
    try:
        return time.time() - folder.stat().st_ctime < START_MOST
    except OSError:
        return False

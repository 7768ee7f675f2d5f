"""`podman system service`, run by us where nobody else runs it (spec: sandbox §1)."""

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import socket
from pathlib import Path

from airut.errors import EngineUnavailable

START = 10.0  # seconds: a cold one takes one on a slow disk

log = logging.getLogger(__name__)


class OwnService:
    """A service that nobody else uses: one that several share ends for all with whoever had started it."""

    def __init__(self, folder: Path) -> None:
        """`folder` is that of all services of this user; each has one of its own in it."""
        self._all = folder
        self._folder = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._process: asyncio.subprocess.Process | None = None

    async def ensure(self) -> Path:
        """The socket of the one that runs, which may have been started for it. Raises: EngineUnavailable"""
        path = self._folder / "podman.sock"
        if self._process is None or self._process.returncode is not None:
            await self._start(path)
        return path

    async def end(self) -> None:
        """If there is one. It may be started again."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                self._process.terminate()
            await self._process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _start(self, path: Path) -> None:
        if shutil.which("podman") is None:
            raise EngineUnavailable("there is no `podman` on this host: install it (rootless, 4.3 or newer)")
        _remove_left(self._all)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        # By util-linux's setpriv, so that it ends with us also where we are killed.
        service = ("podman", "--log-level=error", "system", "service", "--time=0", f"unix://{path}")
        # A session of its own: Ctrl-C ends the worker in good order, and the service only after it.
        # A log of its own: Podman leaves a process behind that would hold our output open when we have ended.
        with path.with_suffix(".log").open("wb") as said:
            self._process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "TERM", *service),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                umask=0o077,
            )
        try:
            await _until_listening(self._process, path)
        except BaseException:  # nobody knows of it who could end it later
            await self.end()
            raise
        path.chmod(0o600)
        log.info("started podman system service on %s", path)


def listens(path: Path) -> bool:
    """Whether somebody answers on a Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


async def _until_listening(service: asyncio.subprocess.Process, path: Path) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + START
    while not listens(path):
        if service.returncode is not None or loop.time() > end:
            said = path.with_suffix(".log").read_text(errors="replace").split("\n")
            why = next((line for line in reversed(said) if line.strip()), "it said nothing")
            raise EngineUnavailable(f"`podman system service` did not start: {why}")
        await asyncio.sleep(0.02)


def _remove_left(folder: Path) -> None:
    """What services of killed processes left here. Ids say nothing of a process in another container, so that what
    answers stays."""
    for left in folder.glob("*-*"):
        if not Path("/proc", left.name.partition("-")[0]).exists() and not listens(left / "podman.sock"):
            shutil.rmtree(left, ignore_errors=True)

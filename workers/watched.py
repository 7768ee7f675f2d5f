"""A process that says it is alive, and the parts of `airut up` that are heard saying so."""

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from socket import AF_UNIX as UNIX

from airut.adapters.systemd_notify import ALIVE, OURS, READY, SOCKET, STOPPING, WATCHDOG, status, tell, watchdog

HUNG = 60.0
"""Seconds without a word, after which a part is ended and started again. Its event loop then has stood still all the
time: it sends a word every third of this, whatever else it does."""
log = logging.getLogger("airut.up")


async def keep_telling() -> None:
    """As long as this process's event loop turns. Ends at once where nobody watches."""
    limit = watchdog()
    if limit is None:
        return
    while True:
        tell(ALIVE)
        await asyncio.sleep(limit / 3)


def environment(heard: "Heard | None") -> dict[str, str]:
    """Of a part: its own socket in place of ours."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS.values()}
    return inherited | (heard.environment if heard else {})


class Heard(asyncio.DatagramProtocol):
    """What one part has said since it was started last."""

    def __init__(self, path: Path) -> None:
        self.ready = asyncio.Event()
        self.environment = {SOCKET: str(path), WATCHDOG: str(int(HUNG * 1_000_000))}
        self._at: float | None = None

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's signature
        lines = data.decode(errors="replace").splitlines()
        if READY in lines:
            self.ready.set()
        if ALIVE in lines:
            self._at = asyncio.get_running_loop().time()

    def forget(self) -> None:
        """It is started anew. `ready` stays: what was up once is being brought up again."""
        self._at = None

    async def hung(self) -> None:
        """Returns once it has been silent for too long. One that never said a word is still starting."""
        loop = asyncio.get_running_loop()
        while self._at is None or loop.time() - self._at < HUNG:  # noqa: ASYNC110 - it is time that is waited for
            await asyncio.sleep(HUNG / 12)


@asynccontextmanager
async def hearing(names: Sequence[str]) -> AsyncIterator[Mapping[str, Heard]]:
    """A socket for each part. Whoever started us is told that we are ready when all of them are."""
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="airut-up-")))
        heard: dict[str, Heard] = {}
        for name in names:
            one = Heard(folder / name)
            transport, _ = await loop.create_datagram_endpoint(
                partial(_same, one), local_addr=str(folder / name), family=UNIX
            )
            stack.callback(transport.close)
            heard[name] = one
        reporting = asyncio.create_task(_report(heard))
        try:
            yield heard
        finally:
            reporting.cancel()


def _same(heard: Heard) -> Heard:
    return heard


async def _report(heard: Mapping[str, Heard]) -> None:
    """Tell of each part that is up, and at last that all are."""
    waits = {asyncio.create_task(one.ready.wait(), name=name) for name, one in heard.items()}
    try:
        while waits:
            tell(status(f"starting: {', '.join(sorted(wait.get_name() for wait in waits))}"))
            _, waits = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        tell(READY, status("running"))
        log.info("all parts are ready")
    finally:
        for wait in waits:
            wait.cancel()


def tell_stopping() -> None:
    """For the moment in which a stop begins."""
    tell(STOPPING, status("stopping; agents run on"))

"""An intake, or a sender of answers, in a process of its own that is killed at a chosen point. What Temporal would have
lies in a file."""

import asyncio
import contextlib
import multiprocessing
import os
import pickle
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.slack.channel import SlackAnswers
from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.web.connection import SlackConnection
from airut.models.tasks.reply import Outbound
from airut.models.threads.command import Submission
from tests.signals.slack.stage import Threads, intake_of, settings_at

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])  # Bolt and pydantic are loaded once, and not by each process


@dataclass
class DurableThreads(Threads):
    """`dies` is a text whose hand-over ends the process, `before` Temporal has it or after."""

    file: Path = Path()
    dies: str = ""
    before: bool = False

    def __post_init__(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.accepted, self.known = pickle.loads(self.file.read_bytes())  # our own

    async def submit(self, accepted: Submission, *, opens: bool) -> bool:
        fatal = bool(self.dies) and self.dies in repr(accepted)
        if fatal and self.before:
            os.kill(os.getpid(), signal.SIGKILL)
        taken = await super().submit(accepted, opens=opens)
        beside = self.file.with_suffix(".new")
        beside.write_bytes(pickle.dumps((self.accepted, self.known)))
        beside.replace(self.file)
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return taken


def handed_over(folder: Path) -> list[str | None]:
    """The texts that Temporal has."""
    return DurableThreads(file=folder / "temporal").texts


def listen(base: str, folder: Path, dies: str, before: bool) -> None:
    """Runs in the process."""
    threads = DurableThreads(file=folder / "temporal", dies=dies, before=before)
    asyncio.run(intake_of(settings_at(base), threads, folder).run())


def answer(base: str, folder: Path, outbound: Outbound) -> None:
    """Runs in the process."""

    async def send() -> None:
        web = SlackConnection(settings_at(base)).web()
        await SlackAnswers(web, WebDirectory(web), LocalBlobStore(folder / "blobs")).send(outbound)

    asyncio.run(send())


@asynccontextmanager
async def process(run: Callable[..., None], *arguments: object) -> AsyncIterator[BaseProcess]:
    """Killed at the end, if it has not ended by then."""
    started = PROCESSES.Process(target=run, args=arguments, daemon=True)
    await asyncio.to_thread(started.start)
    try:
        yield started
    finally:
        started.kill()
        await asyncio.to_thread(started.join)


async def ended(process: BaseProcess, within: float = 60.0) -> int | None:
    """Its exit code: a negative one is the signal that ended it."""
    async with asyncio.timeout(within):
        while process.exitcode is None:
            await asyncio.sleep(0.02)
    return process.exitcode

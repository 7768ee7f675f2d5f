"""Following one sandbox: its output as it comes, its end, and ending it where it has to be."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.cancels import Cancels
from airut.errors import SandboxError
from airut.models.hosts.sandbox import ExitStatus, OutputChunk, SandboxRef, SandboxSignal
from airut.models.tasks.outcome import TaskOutcome
from airut.ports.sandbox import Sandboxes

log = logging.getLogger(__name__)


class Frozen(Exception):
    """The command stands still now, as its signals asked. Never leaves the activities."""


class Watched(Protocol):
    """The command of a sandbox: what is made of its output, and how it is ended."""

    def take(self, chunk: OutputChunk) -> None:
        """More of its output, each part once."""
        ...

    @property
    def step(self) -> dict[str, object]:
        """For the heartbeat: a hint for whoever looks; nothing depends on it."""
        ...

    async def tend(self) -> bool:
        """Called at every sign of life, a silent command's too: each second at least. Waits for nothing slow. True
        when the command has to be ended, though nobody has stopped it."""
        ...

    def signals(self) -> AsyncIterator[SandboxSignal]:
        """What ends it, each signal when it is time for it. After them everything in the sandbox is killed. A pause is
        all that is done, where the host can freeze; else they go on."""
        ...


class Watch:
    """Follows one sandbox, and ends it when the user says so. Its limits it keeps itself, on its own clock: a worker
    that was away for hours must not take an agent that has long ended for one that runs too long."""

    def __init__(self, sandboxes: Sandboxes, ref: SandboxRef, watched: Watched, cancels: Cancels) -> None:
        self._sandboxes = sandboxes
        self._ref = ref
        self._watched = watched
        self._cancels = cancels
        self._offset = 0
        self._ending: asyncio.Task[None] | None = None
        self.stopped = False
        """The user's stop was passed on, before the command had come to its end."""
        self._frozen = False
        self.overdue = False
        """It was ended because it had to be, as it said itself."""
        self.watched_s = 0.0
        """Seconds until it ended or was lost."""

    async def to_the_end(self) -> ExitStatus:
        """Return how the command ended. Detaches, and leaves it running, when only this worker has to go.

        Raises:
            Frozen: it was frozen, and is left so.
        """
        if self._cancels.stop:
            self._stop()
        try:
            return await self._cancels.outlasted(self._follow(), on_stop=self._stop)
        finally:  # what has ended, or is another attempt's, must not be killed by this one
            if self._ending is not None:
                self._ending.cancel()

    async def _follow(self) -> ExitStatus:
        began = time.monotonic()
        try:
            async for chunk in self._sandboxes.follow(self._ref, self._offset):
                await self._take(chunk)
                if chunk.exit is not None:
                    return chunk.exit
                if self._frozen and not chunk.data:
                    raise Frozen
        finally:
            self.watched_s = time.monotonic() - began
        raise ApplicationError("the sandbox's output ended without an exit status", type=str(TaskOutcome.SANDBOX_LOST))

    async def _take(self, chunk: OutputChunk) -> None:
        if chunk.data:
            self._offset = chunk.offset + len(chunk.data)
            self._watched.take(chunk)
        activity.heartbeat({"sandbox": self._ref.sandbox_id, "offset": self._offset, **self._watched.step})
        if await self._watched.tend() and self._ending is None:
            self.overdue = True
            self._ending = asyncio.create_task(self._end())
        if self._ending is not None and self._ending.done():
            self._ending.result()  # a kill that failed: nobody else will notice

    def _stop(self) -> None:
        if self._ending is None:
            self.stopped = True
            self._ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        try:
            async for signal in self._watched.signals():
                if signal is not SandboxSignal.PAUSE:
                    await self._sandboxes.signal(self._ref, signal)
                elif await self._freeze():
                    return
        except (
            Exception
        ) as error:  # an interrupt that did not arrive, for whatever reason: the kill is only more needed
            log.warning("sandbox %s is killed at once: %s", self._ref.sandbox_id, error)
        await self._sandboxes.signal(self._ref, SandboxSignal.KILL)

    async def _freeze(self) -> bool:
        try:
            await self._sandboxes.signal(self._ref, SandboxSignal.PAUSE)
        except SandboxError as error:  # a host without a freezer
            log.warning("sandbox %s is interrupted, since it cannot be frozen: %s", self._ref.sandbox_id, error)
            return False
        self._frozen = True
        return True

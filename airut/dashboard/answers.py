"""What open threads, and their agents, tell of themselves: asked in the background, and kept for as long as it is new.

A page is there at once however many threads there are: it shows what was told last, and who watches it is told when
something else is.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from airut.errors import CensusUnavailable
from airut.models.base import Model
from airut.models.tasks.progress import RunProgress
from airut.models.tasks.task import TaskStep
from airut.models.threads.thread import ThreadStatus
from airut.ports.run_progress import RunProgressReader
from airut.ports.thread_control import ThreadAway, ThreadControl, ThreadGone

A_SECOND = 20
"""Threads that are asked in a second at most, whoever looks: each takes the control worker some five milliseconds."""

NEW = 2.0
"""Seconds for which nobody is asked twice. It is more with so many threads that they could not all be asked in it."""

OLD = 30.0
"""Seconds after which an answer is not shown any more: then its thread does not answer."""

AT_ONCE = 20


class Told(Model):
    """`run` is what the agent of a thread's task tells, where one runs."""

    status: ThreadStatus
    run: RunProgress | None = None


@dataclass
class _Kept:
    told: Told | None
    at: float


class Answers:
    def __init__(
        self, control: ThreadControl, progress: RunProgressReader, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._control = control
        self._progress = progress
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def of(self, threads: Iterable[str], patience: float) -> Mapping[str, Told]:
        """What is known of each, after at most `patience` seconds; asking goes on beyond them. A thread that has told
        nothing is not in it."""
        wanted = list(threads)
        new = max(NEW, len(wanted) / A_SECOND)
        for thread in wanted:
            kept = self._kept.get(thread)
            if thread not in self._asking and (kept is None or self._clock() - kept.at >= new):
                self._asking[thread] = asyncio.create_task(self._ask(thread))
        first = [self._asking[each] for each in wanted if each in self._asking and self._told(each) is None]
        if first:
            await asyncio.wait(first, timeout=patience)
        found = {thread: self._told(thread) for thread in wanted}
        return {thread: told for thread, told in found.items() if told is not None}

    def _told(self, thread: str) -> Told | None:
        kept = self._kept.get(thread)
        return kept.told if kept is not None and self._clock() - kept.at < OLD else None

    async def _ask(self, thread: str) -> None:
        told: Told | None = None
        try:
            async with self._places:
                status = await self._control.status(thread)
                run = None
                if status.task and status.open_task and status.open_task.step is TaskStep.AGENT:
                    run = await self._progress.of(status.task)
                told = Told(status=status, run=run)
        except (ThreadAway, ThreadGone, CensusUnavailable):
            pass
        finally:
            del self._asking[thread]
        self._kept[thread] = _Kept(told, self._clock())
        self._forget()

    def _forget(self) -> None:
        """Nobody has looked at these for long, or they are over."""
        for thread in [each for each, kept in self._kept.items() if self._clock() - kept.at > OLD]:
            del self._kept[thread]

"""The configuration of a running process: read again when it changes, and its secrets as often as they want it."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from airut.config.differences import Change
from airut.config.generation_reports import GenerationReport
from airut.config.reloader import Candidate, Reloader, told
from airut.config.schema import Config
from airut.errors import AirutError
from workers.hangup import on_hangup
from workers.log_format import set_level

EVERY = 0.25
"""Seconds between two looks at a handful of files. What changed is read at the second look that finds it the same, so
that a change is taken up within a second."""

TakeUp = Callable[[Config, tuple[Change, ...]], Awaitable[tuple[str, ...]]]
"""Makes a new configuration take effect; returns a line for each thing that goes on as it was."""

log = logging.getLogger("airut.config")


@asynccontextmanager
async def reloading(config: Config, role: str, take_up: TakeUp | None = None) -> AsyncIterator[None]:
    """Meanwhile a changed file is read again, and handed to `take_up` where it is good; SIGHUP has it read again
    whether it changed or not. Commands that print secrets are run again when their `ttl` has ended."""
    await asyncio.to_thread(config.sources.run_commands)  # what fails is named now, and not by the first task
    reloads = _Reloads(config, role, take_up or _nothing)
    on_hangup(lambda: reloads.look(force=True))
    watching = asyncio.create_task(reloads.run())
    try:
        yield
    finally:
        watching.cancel()
        reloads.report.close()


async def _nothing(_: Config, __: tuple[Change, ...]) -> tuple[str, ...]:
    return ()


class _Reloads:
    def __init__(self, config: Config, role: str, take_up: TakeUp) -> None:
        self.report = GenerationReport(config.state, role)
        self._reloader = Reloader(config, os.environ, datetime.now(UTC))
        self._take_up = take_up
        self._one = asyncio.Lock()
        self.report.tell(self._reloader.generation)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.look()
            sources = self._reloader.config.sources
            if sources.due_in() == 0.0:
                await asyncio.to_thread(sources.renew_due)

    async def look(self, *, force: bool = False) -> None:
        async with self._one:
            if force:
                await asyncio.to_thread(self._reloader.config.sources.renew)
                log.info("secrets were read again")
            before = self._reloader.generation.error
            candidate = await asyncio.to_thread(self._reloader.look, datetime.now(UTC), force=force)
            if candidate is not None:
                await self._adopt(candidate)
            elif (error := self._reloader.generation.error) is not None and error != before:
                log.error("airut.yaml is not taken up, and what was read before stays in effect:\n%s", error)
            else:
                return
            self.report.tell(self._reloader.generation)

    async def _adopt(self, candidate: Candidate) -> None:
        await asyncio.to_thread(candidate.config.sources.run_commands)
        number = candidate.generation.number
        try:
            kept = await self._take_up(candidate.config, candidate.changed)
        except AirutError as error:
            log.error("configuration %d is not taken up: %s", number, error)
            self._reloader.refuse(str(error))
            return
        except Exception as error:  # boundary: what is wrong with one generation must not end the process
            log.exception("configuration %d is not taken up", number)
            self._reloader.refuse(f"{type(error).__name__}: {error}")
            return
        self._reloader.adopt(candidate, kept)
        set_level(candidate.config.telemetry)
        log.info("configuration %d (%s): %s", number, candidate.generation.digest, told(candidate))
        for line in kept:
            log.error("%s", line)

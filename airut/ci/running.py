"""One run from start to end: order, image, sandbox, streams, signals, and the sandbox's removal."""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from airut.adapters.podman.clock import Clock
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.ci.artifacts import Artifacts
from airut.ci.blocked import blocked
from airut.ci.credentials import renewed
from airut.ci.network_log import show_live
from airut.ci.options import Options
from airut.ci.order import Order
from airut.ci.ordering import Ordered, ordered
from airut.ci.outcome import Outcome, outcome
from airut.ci.place import Place
from airut.ci.result import RunResult
from airut.ci.signals import Signals, Stopped
from airut.ci.streams import StandardStreams
from airut.ci.sweep import note_owner, sweep
from airut.errors import NameTaken
from airut.models.hosts.sandbox import ExitStatus, SandboxRef
from airut.ports.tokens import AppTokens


class Run:
    """`log` gets what the command says besides; `live` shows its requests as they come."""

    def __init__(self, place: Place, options: Options, sandbox_id: str, repo: str) -> None:
        self._place = place
        self._options = options
        self._id = sandbox_id
        self._repo = repo
        self._clock = Clock()
        self._signals: Signals
        self._tokens: AppTokens | None = None
        self.folder = place.state / "runs" / sandbox_id
        self.log_folder = self.folder / "log"
        self.skipped: list[str] = []
        """Artifacts that were not copied, and why."""

    @contextlib.asynccontextmanager
    async def result(self, begun: float, log: int | None, *, live: bool) -> AsyncIterator[RunResult]:
        """The run, and what it left on this host as long as the context lasts. `begun` is when this process was.

        Raises:
            Stopped: by a signal, before there was a command.
            AirutError: it could not be run.
        """
        self._signals = Signals()
        with self._signals.caught():
            try:
                ours = note_owner(self.folder, self._place.owner)
            except FileExistsError:
                raise NameTaken(
                    f"there is a run of the name {self._id}; `airut-sandbox sweep --kept` removes kept ones"
                ) from None
            try:
                yield await self._run(begun, log, live=live)
            except asyncio.CancelledError:
                if self._signals.received is None:
                    raise
                raise Stopped(self._signals.received) from None
            finally:
                if not self._options.keep:
                    shutil.rmtree(self.folder, ignore_errors=True)
                os.close(ours)

    async def _run(self, begun: float, log: int | None, *, live: bool) -> RunResult:
        place = self._place
        with self._clock.part("settings"):
            wanted, self._tokens = await ordered(
                self._options, self._id, self._repo, self.folder, place.state / "surrogate.key"
            )
        order = wanted.order
        with self._clock.part("image"):
            image, proxy = await asyncio.gather(place.image(order.repo, order.container), place.proxy())
        sandboxes = place.sandboxes(proxy)
        streams = StandardStreams(self.folder / "streams", stdin=order.stdin, terminal=order.terminal, log=log)
        sweeping: asyncio.Task[tuple[str, ...]] | None = None
        try:
            ref = await sandboxes.start(order.spec(image, self.folder, streams.open()))
            sweeping = asyncio.create_task(sweep(place, sandboxes))  # beside the command, which does not wait for it
            started, begun_at = time.monotonic(), datetime.now(UTC)
            async with self._beside(sandboxes, order, live=live):
                with self._signals.to(sandboxes, ref), streams.raw():
                    ended = await _followed(sandboxes, ref)
                streams.close()
            self._clock.parts |= sandboxes.parts | {
                "first byte": (streams.first_byte or time.monotonic()) - started,
                "all": started - begun,
            }
            how = outcome(ended, order.limits, self._signals.received)
            self._copy_artifacts()
            return self._result(wanted, how, ended, begun_at)
        finally:
            if not order.keep:
                await asyncio.shield(sandboxes.remove(self._id))
            # What it cannot remove, the next run's can. After a start that failed as well: leftovers may be why.
            await asyncio.gather(sweeping or sweep(place, sandboxes), return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _beside(self, sandboxes: PodmanSandboxes, order: Order, *, live: bool) -> AsyncIterator[None]:
        """What goes on while the command runs."""
        over = asyncio.Event()
        shown = asyncio.create_task(show_live(self.log_folder, over)) if live else None
        renewal = asyncio.create_task(renewed(sandboxes, self._id, order.network.credentials, self._tokens))
        try:
            yield
        finally:
            over.set()
            renewal.cancel()
            await asyncio.gather(*filter(None, (shown, renewal)), return_exceptions=True)

    def _copy_artifacts(self) -> None:
        artifacts = Artifacts(self._options.workspace)
        for one in self._options.artifacts:
            artifacts.copy(one)
        self.skipped = artifacts.skipped

    def _result(self, wanted: Ordered, how: Outcome, ended: ExitStatus, begun_at: datetime) -> RunResult:
        return RunResult(
            sandbox_id=self._id,
            command=wanted.order.command,
            exit_code=how.code,
            signal=how.signal,
            started=begun_at,
            seconds=ended.duration_s,
            limit=how.limit,
            problem=how.problem,
            blocked=blocked(self.log_folder),
            policy_changes=wanted.policy_changes,
            parts_ms={name: round(seconds * 1000) for name, seconds in self._clock.parts.items()},
        )


async def _followed(sandboxes: PodmanSandboxes, ref: SandboxRef) -> ExitStatus:
    async for chunk in sandboxes.follow(ref, 0):
        if chunk.exit is not None:
            return chunk.exit
    raise AssertionError("a sandbox's output ends with its exit")

"""One run from start to end: image, sandbox, streams, signals, and the sandbox's removal."""

import asyncio
import contextlib
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from airut.adapters.podman.clock import Clock
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.ci.blocked import blocked, parts
from airut.ci.order import Order
from airut.ci.outcome import Outcome, outcome
from airut.ci.place import Place
from airut.ci.result import RunResult
from airut.ci.streams import StandardStreams
from airut.ci.sweep import note_owner, sweep
from airut.errors import ConfigError
from airut.models.hosts.sandbox import ExitStatus, SandboxRef, SandboxSignal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A signal came before the command had begun."""


class Signals:
    """What we are sent. The first one interrupts or ends the command, the second one kills it."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._task = asyncio.current_task()
        self._sandbox: tuple[PodmanSandboxes, SandboxRef] | None = None
        self._sent: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._take, number)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    @contextlib.contextmanager
    def to(self, sandboxes: PodmanSandboxes, ref: SandboxRef) -> Iterator[None]:
        """From now on they are the command's."""
        self._sandbox = sandboxes, ref
        try:
            yield
        finally:
            self._sandbox = None

    def _take(self, number: int) -> None:
        again, self.received = self.received is not None, self.received or number
        if self._sandbox is None:
            if not again and self._task is not None:
                self._task.cancel()  # whoever is in the middle of a start cleans up
            return
        sandboxes, ref = self._sandbox
        soft = SandboxSignal.INTERRUPT if number == signal.SIGINT else SandboxSignal.TERMINATE
        sent = asyncio.get_running_loop().create_task(sandboxes.signal(ref, SandboxSignal.KILL if again else soft))
        self._sent.add(sent)
        sent.add_done_callback(self._sent.discard)


async def run(
    place: Place, order: Order, begun: float, log: int | None = None, *, network_log: Path | None = None
) -> RunResult:
    """`begun` is when this process was (monotonic clock). `log` gets what the command says besides,
    `network_log` what the fence has seen.

    Raises:
        Stopped: by a signal, before there was a command.
        AirutError: it could not be run.
    """
    signals = Signals()
    folder = place.state / "runs" / order.sandbox_id
    with signals.caught():
        try:
            return await _run(place, order, folder, _Watch(begun, log, signals, network_log))
        except asyncio.CancelledError:
            if signals.received is None:
                raise
            raise Stopped(signals.received) from None
        finally:
            if not order.keep:
                shutil.rmtree(folder, ignore_errors=True)


class _Watch:
    """What goes along with a run."""

    def __init__(self, begun: float, log: int | None, signals: Signals, network_log: Path | None) -> None:
        self.begun, self.log, self.signals, self.clock = begun, log, signals, Clock()
        self.network_log = network_log


async def _run(place: Place, order: Order, folder: Path, watch: _Watch) -> RunResult:
    note_owner(folder, place.owner)
    with watch.clock.part("image"):
        image, proxy = await asyncio.gather(
            place.images().ensure(order.repo, order.container), place.proxy_image.ensure()
        )
    sandboxes = place.sandboxes(proxy)
    sweeping = asyncio.create_task(sweep(place, sandboxes))  # nobody waits for it before the command runs
    streams = StandardStreams(folder / "streams", stdin=order.stdin, terminal=order.terminal, log=watch.log)
    try:
        ref = await sandboxes.start(order.spec(image, folder, streams.open()))
        started = time.monotonic()
        watch.clock.parts |= sandboxes.parts
        begun_at = datetime.now(UTC)
        with watch.signals.to(sandboxes, ref), streams.raw():
            ended = await _followed(sandboxes, ref)
        streams.close()
        watch.clock.parts["first byte"] = (streams.first_byte or time.monotonic()) - started
        watch.clock.parts["all"] = started - watch.begun
        how = outcome(ended, order.limits, watch.signals.received)
        if watch.network_log is not None:
            _save(parts(folder / "log"), watch.network_log)
        return _result(order, folder, how, ended, begun_at, watch)
    finally:
        if not order.keep:
            await asyncio.shield(sandboxes.remove(order.sandbox_id))
        await asyncio.gather(sweeping, return_exceptions=True)  # what it could not remove, the next run's can


async def _followed(sandboxes: PodmanSandboxes, ref: SandboxRef) -> ExitStatus:
    async for chunk in sandboxes.follow(ref, 0):
        if chunk.exit is not None:
            return chunk.exit
    raise AssertionError("a sandbox's output ends with its exit")


def _result(
    order: Order, folder: Path, how: Outcome, ended: ExitStatus, begun_at: datetime, watch: _Watch
) -> RunResult:
    return RunResult(
        sandbox_id=order.sandbox_id,
        command=order.command,
        exit_code=how.code,
        signal=how.signal,
        started=begun_at,
        seconds=ended.duration_s,
        limit=how.limit,
        problem=how.problem,
        blocked=blocked(folder / "log"),
        parts_ms={name: round(seconds * 1000) for name, seconds in watch.clock.parts.items()},
    )


def _save(logs: list[Path], place: Path) -> None:
    """Raises: ConfigError"""
    try:
        with place.open("wb") as file:
            for log in logs:
                file.write(log.read_bytes())
    except OSError as error:
        raise ConfigError(f"--network-log: {place}: {error.strerror}") from error

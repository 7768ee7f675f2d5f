"""Signals that we are sent while a command runs: they are the command's."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.models.hosts.sandbox import SandboxRef, SandboxSignal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A signal came before the command had begun."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


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

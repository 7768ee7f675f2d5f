"""The command's standard streams on our side: FIFOs that the sandbox has as its own, and what carries their bytes.

A thread for each, so that a reader of ours that stands still holds up the command and nothing of us.
"""

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from airut.models.hosts.sandbox import Streams

PIECE = 1 << 16  # what a pipe holds
WAIT = 5.0  # seconds for what is left in the pipes when the sandbox has ended: whoever reads us may be slow


class StandardStreams:
    """To be opened before the sandbox is started, and closed after it has ended."""

    def __init__(self, folder: Path, *, stdin: bool, terminal: bool, log: int | None = None) -> None:
        """`folder` is made. `log` is a file that gets what the command says besides."""
        self._folder = folder
        self._stdin = stdin
        self._terminal = terminal
        self._log = log
        self._begun = time.monotonic()
        self._readers: list[threading.Thread] = []
        self._over = threading.Event()
        self._size: int | None = None
        self.first_byte: float | None = None
        """When the command was first heard of (monotonic clock)."""

    def open(self) -> Streams:
        """Raises: OSError"""
        self._folder.mkdir(mode=0o700, parents=True)
        for name in ("stdin", "stdout", "stderr", "size"):
            os.mkfifo(self._folder / name, 0o600)
        for name, target in (("stdout", 1), ("stderr", 2)):
            # Not blocking: the other end is opened by the command's first process.
            source = os.open(self._folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self._readers.append(self._thread(self._carry_out, source, target))
        if self._stdin:
            self._thread(self._carry_in)
        rows = columns = 0
        if self._terminal:
            # For writing as well, so that the other end never finds nobody here.
            self._size = os.open(self._folder / "size", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            columns, rows = shutil.get_terminal_size()
        return Streams(folder=self._folder, reads=self._stdin, terminal=(rows, columns) if self._terminal else None)

    def close(self) -> None:
        """Wait for what the command said last to be out."""
        self._over.set()
        end = time.monotonic() + WAIT
        for reader in self._readers:
            reader.join(max(0.0, end - time.monotonic()))
        if self._size is not None:
            os.close(self._size)

    @contextlib.contextmanager
    def raw(self) -> Iterator[None]:
        """Our own terminal hands everything on as it is typed, and its size when that changes."""
        if not (self._terminal and self._stdin and sys.stdin.isatty()):
            yield
            return
        before = termios.tcgetattr(0)
        previous = signal.signal(signal.SIGWINCH, lambda *_: self._tell_size())
        try:
            tty.setraw(0)
            yield
        finally:
            signal.signal(signal.SIGWINCH, previous)
            termios.tcsetattr(0, termios.TCSADRAIN, before)

    def _tell_size(self) -> None:
        if self._size is not None:
            columns, rows = os.get_terminal_size(0)
            with contextlib.suppress(OSError):  # full, or nobody reads any more
                os.write(self._size, f"{rows} {columns}\n".encode())

    def _thread(self, work: Callable[..., None], *arguments: int) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        return thread

    def _carry_out(self, source: int, target: int) -> None:
        poller = select.poll()
        poller.register(source, select.POLLIN)
        targets = [target] if self._log is None else [target, self._log]
        while True:
            over = self._over.is_set()  # before the look, so that what was written before the end is found by it
            if not poller.poll(50):  # a pipe that nobody has opened yet says nothing
                if over:
                    break
                continue
            data = os.read(source, PIECE)
            if not data:
                break
            if self.first_byte is None:
                self.first_byte = time.monotonic()
            if not write_all(targets, data):
                break
        os.close(source)  # to the command, whoever reads us has gone: SIGPIPE, as without a sandbox

    def _carry_in(self) -> None:
        try:
            target = os.open(self._folder / "stdin", os.O_WRONLY | os.O_CLOEXEC)  # until the command's end is open
        except OSError:
            return
        with contextlib.suppress(OSError):
            while data := os.read(0, PIECE):
                write_all([target], data)
        os.close(target)


def write_all(targets: Sequence[int], data: bytes) -> bool:
    """Whether all of it could be written everywhere."""
    for target in targets:
        left = data
        while left:
            try:
                left = left[os.write(target, left) :]
            except BlockingIOError:  # somebody else has made our output non-blocking
                select.select([], [target], [])
            except OSError:
                return False
    return True

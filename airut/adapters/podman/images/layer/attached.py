"""A command with the standard streams of whoever started the sandbox: FIFOs, or a terminal that is relayed to them.

The command has the FIFOs themselves, so that nothing lies between it and its reader, and a slow reader slows it down.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import termios

FOLDER = "/run/airut-streams/"
DRAIN = 2.0  # seconds for what a terminal still shows when everything is dead; a reader that stands still gets no more

TYPE_CHECKING = False  # `typing` costs ten milliseconds of every start
if TYPE_CHECKING:
    import threading
    from typing import Any


class Attached:
    """`files` are the command's standard input, output and error."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.out = os.open(FOLDER + "stdout", os.O_WRONLY)
        self.input = os.open(FOLDER + "stdin", os.O_RDONLY) if settings["reads"] else os.open("/dev/null", os.O_RDONLY)
        self.terminal: int | None = None
        self.shown: threading.Thread | None = None
        if settings["terminal"]:
            self.terminal, command = os.openpty()
            self._size(*settings["terminal"])
            self.files = [command, command, command]
        else:
            self.files = [self.input, self.out, os.open(FOLDER + "stderr", os.O_WRONLY)]

    def take_terminal(self) -> None:
        """In the command, which leads a session by now: make the terminal its own."""
        if self.terminal is not None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def relay(self, poller: select.poll) -> None:
        """In PID 1, once the command has begun."""
        for file in set(self.files):
            os.close(file)
        if self.terminal is None:
            return
        import threading  # a command without a terminal has no use for it

        self.shown = threading.Thread(target=copy, args=(self.terminal, self.out), daemon=True)
        self.shown.start()
        threading.Thread(target=copy, args=(self.input, self.terminal), daemon=True).start()
        poller.register(os.open(FOLDER + "size", os.O_RDONLY), select.POLLIN)

    def resize(self, data: bytes) -> None:
        """The last whole line of what came counts."""
        lines = data.split(b"\n")[:-1]
        with contextlib.suppress(ValueError, TypeError, IndexError, struct.error, OSError):
            self._size(*map(int, lines[-1].split()))

    def drain(self) -> None:
        if self.shown:
            self.shown.join(DRAIN)

    def _size(self, rows: int, columns: int) -> None:
        if self.terminal is not None:
            fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def copy(source: int, target: int) -> None:
    """Until one of them ends. A terminal without a process ends with an error."""
    with contextlib.suppress(OSError):
        while True:
            data = os.read(source, 1 << 16)
            if not data:
                return
            while data:
                data = data[os.write(target, data) :]

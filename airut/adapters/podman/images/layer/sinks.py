"""Where the entrypoint puts what the command writes."""

# ruff: noqa: PTH105, PTH108
# `pathlib` costs ten milliseconds of every start.
from __future__ import annotations

import contextlib
import os

APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
ANEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Lines:
    """Appends to a file in whole lines, up to a limit; what does not end in a newline is written at the end."""

    def __init__(self, path: str, limit: int) -> None:
        self.file = os.open(path, APPEND, 0o600)
        self.left = limit
        self.pending: list[bytes] = []
        self.waiting = 0
        self.hit: str | None = None
        """The limit that was hit: from then on nothing is written."""

    def write(self, data: bytes) -> None:
        end = data.rfind(b"\n") + 1
        if end:
            self._append(b"".join(self.pending) + data[:end])
            self.pending, self.waiting = [], 0
        self.waiting += len(data) - end
        if self.waiting > self.left:
            self.hit = self.hit or "output"
        if data[end:] and not self.hit:
            self.pending.append(data[end:])

    def close(self) -> None:
        self._append(b"".join(self.pending))
        os.close(self.file)

    def _append(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left < 0:
            self.hit = self.hit or "output"
        try:
            while data and not self.hit:
                data = data[os.write(self.file, data) :]
        except OSError:  # the disk is full
            self.hit = "disk"


class Tail:
    """Appends to a file of which the last part is kept: the file grows to twice that, then is written anew."""

    hit: str | None = None

    def __init__(self, path: str, kept: int) -> None:
        self.path, self.kept, self.data, self.size = path, kept, bytearray(), 0
        self.file = os.open(path, APPEND, 0o600)

    def write(self, data: bytes) -> None:
        self.data += data
        self.size += len(data)
        with contextlib.suppress(OSError):  # on a full disk what is lost is an error message
            os.write(self.file, data)
            if self.size > 2 * self.kept:
                self._shorten()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            if self.size > self.kept:
                self._shorten()
        os.close(self.file)

    def _shorten(self) -> None:
        del self.data[: -self.kept]
        replace(self.path, bytes(self.data))
        os.close(self.file)
        self.file, self.size = os.open(self.path, APPEND, 0o600), len(self.data)


def replace(path: str, data: bytes) -> None:
    """Write a file beside and rename it. Raises: OSError"""
    beside = path + ".new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(beside)
    file = os.open(beside, ANEW, 0o600)
    try:
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(beside, path)

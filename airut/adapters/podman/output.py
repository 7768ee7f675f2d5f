"""What the agent's container wrote, read by byte offset. Nothing in that folder is trusted to be what it was."""

import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from airut.models.sandbox import ExitStatus

CHUNK = 256 * 1024  # one chunk is folded at a time; small enough to heartbeat between two
EXIT_MAX = 64 * 1024


class Tampered(Exception):
    """A file shrank, was replaced, or is not a regular file of one name."""


class OutputReader:
    """`out/` of one sandbox, held open: the agent can change what is in it, not which folder it is."""

    def __init__(self, out: Path, offset: int) -> None:
        """Raises: OSError: the folder is not there."""
        self._folder = os.open(out, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._events: int | None = None
        self.offset = offset
        self._pending = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._events is not None:
            os.close(self._events)
        os.close(self._folder)

    def read(self, *, final: bool) -> bytes:
        """The next whole lines, at most about `CHUNK` bytes or one line; with `final` also a last one without its end.

        Raises:
            Tampered
        """
        file = self._open()
        if file is None:
            if self.offset:
                raise Tampered
            return b""
        position = self.offset + len(self._pending)
        if os.fstat(file).st_size < position:
            raise Tampered
        while data := os.pread(file, CHUNK, position):
            self._pending += data
            position += len(data)
            if (end := self._pending.rfind(b"\n")) >= 0:
                return self._take(end + 1)
        return self._take(len(self._pending)) if final else b""

    def check(self) -> None:
        """Raises: Tampered: the file under that name is no longer the one that is read."""
        if self._events is None:
            return
        try:
            now = os.stat("events.jsonl", dir_fd=self._folder, follow_symlinks=False)
        except OSError as error:
            raise Tampered from error
        if not os.path.samestat(now, os.fstat(self._events)):
            raise Tampered

    def exit_written(self) -> bool:
        return os.access("exit.json", os.F_OK, dir_fd=self._folder, follow_symlinks=False)

    def exit_status(self) -> ExitStatus | None:
        """What the entrypoint says, None where it says nothing that can be read."""
        try:
            file = _regular(self._folder, "exit.json")
            try:
                text = os.read(file, EXIT_MAX)
            finally:
                os.close(file)
            return ExitStatus.model_validate_json(text)
        except (OSError, Tampered, ValidationError):
            return None

    def _take(self, length: int) -> bytes:
        data = bytes(self._pending[:length])
        del self._pending[:length]
        self.offset += length
        return data

    def _open(self) -> int | None:
        if self._events is None:
            try:
                self._events = _regular(self._folder, "events.jsonl")
            except FileNotFoundError:
                return None
            except OSError as error:
                raise Tampered from error
        return self._events


def read_tail(folder: Path, name: str, length: int) -> bytes:
    """The end of a file that a container wrote; nothing where it is absent or not a plain file."""
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        file = _regular(directory, name)
    except (OSError, Tampered):
        return b""
    finally:
        os.close(directory)
    try:
        return os.pread(file, length, max(os.fstat(file).st_size - length, 0))
    finally:
        os.close(file)


def _regular(folder: int, name: str) -> int:
    # Not blocking: opening a FIFO for reading would wait for a writer.
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(file)
        raise Tampered
    return file

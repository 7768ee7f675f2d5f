"""What the agent's container wrote, read by byte offset. Nothing in that folder is trusted to be what it was."""

import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from airut.models.hosts.sandbox import ExitStatus

CHUNK = 256 * 1024  # one chunk is folded at a time; small enough to heartbeat between two
FILE_MOST = 4 * 1024**3  # bytes, holes included: an agent can make a file of terabytes that takes no room
LINE_MOST = 16 * 1024**2  # a message of the agent with the largest file it can show is below 10 MiB
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
        """Where the next byte lies that was not handed out."""
        self._pending = bytearray()
        self._too_long = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._events is not None:
            os.close(self._events)
        os.close(self._folder)

    def read(self, *, final: bool) -> bytes | None:
        """Read a piece, and return the whole lines that it completes: nothing where a line is longer than the piece,
        so that a caller can do other things in between. None: nothing is there by now. With `final` a last line
        without its end is returned too.

        A file beyond `FILE_MOST` was not written by our entrypoint, which ends the agent long before.

        Of a line of more than `LINE_MOST` bytes only the last byte is kept, and its newline: a line that nobody can
        read, at the place where it is.

        Raises:
            Tampered
        """
        file = self._open()
        if file is None:
            if self.offset:
                raise Tampered
            return None
        position = self.offset + len(self._pending)
        if not position <= os.fstat(file).st_size <= FILE_MOST:
            raise Tampered
        data = os.pread(file, CHUNK, position)
        if not data:
            return self._take(len(self._pending)) if final and self._pending else None
        before = len(self._pending)
        self._pending += data
        first, last = data.find(b"\n"), data.rfind(b"\n")
        if self._too_long or before + (first if first >= 0 else len(data)) > LINE_MOST:
            self._too_long = first < 0
            passed = before + first - 1 if first >= 0 else len(self._pending) - 1
            self._take(max(passed, 0))
            before -= passed
        return self._take(before + last + 1) if last >= 0 else b""

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


def _regular(folder: int, name: str) -> int:
    # Not blocking: opening a FIFO for reading would wait for a writer.
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(file)
        raise Tampered
    return file

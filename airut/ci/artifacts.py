"""Copying files out of the workspace when the command has ended. It may have left links, devices, or a file system full
of names: nothing of that is followed, and what is not copied is told."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from airut.ci.options import Artifact
from airut.errors import ConfigError

FILES_MOST = 10_000  # a coverage report in HTML has some thousand
BYTES_MOST = 4 * 1024**3  # of all artifacts together; a disk image is larger, and wants a place of its own
DEPTH_MOST = 64  # folders in each other, each of which is held open
PIECE = 1 << 20

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: opening a FIFO would wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Artifacts:
    """One copying of everything that was asked for. `skipped` says what was left out, and why."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._files = FILES_MOST
        self._bytes = BYTES_MOST
        self.skipped: list[str] = []

    def copy(self, artifact: Artifact) -> None:
        """Raises: ConfigError: it cannot be written where it was asked for."""
        try:
            with self._opened(artifact.source) as (folder, name):
                artifact.target.parent.mkdir(parents=True, exist_ok=True)
                self._copy(folder, name, artifact.target, artifact.source, DEPTH_MOST)
        except FileNotFoundError:
            self.skipped.append(f"{artifact.source}: is not there")
        except NotADirectoryError:
            self.skipped.append(f"{artifact.source}: lies below something that is no folder, or a link")
        except OSError as error:
            raise ConfigError(f"--artifact: {artifact.target} cannot be written: {error.strerror}") from error

    @contextlib.contextmanager
    def _opened(self, source: str) -> Iterator[tuple[int, str]]:
        """The folder that something lies in, and its name there."""
        *above, name = source.split("/") if source != "." else ["."]
        folder = os.open(self._workspace, _FOLDER)
        try:
            for part in above:
                below = os.open(part, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            yield folder, name
        finally:
            os.close(folder)

    def _copy(self, folder: int, name: str, target: Path, shown: str, depth: int) -> None:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            if not depth:
                self.skipped.append(f"{shown}: too many folders in each other")
                return
            target.mkdir(exist_ok=True)
            below = os.open(name, _FOLDER, dir_fd=folder)
            try:
                for each in sorted(os.listdir(below)):  # noqa: PTH208  # of a descriptor
                    self._copy(below, each, target / each, f"{shown}/{each}", depth - 1)
            finally:
                os.close(below)
        elif stat.S_ISREG(mode):
            self._file(folder, name, target, shown)
        else:
            self.skipped.append(f"{shown}: {'a link' if stat.S_ISLNK(mode) else 'no regular file'}")

    def _file(self, folder: int, name: str, target: Path, shown: str) -> None:
        try:
            source = os.open(name, _FILE, dir_fd=folder)
        except OSError as error:
            self.skipped.append(f"{shown}: {error.strerror}")
            return
        with os.fdopen(source, "rb", buffering=0) as file:
            found = os.fstat(source)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                self.skipped.append(
                    f"{shown}: has several names" if found.st_nlink != 1 else f"{shown}: no regular file"
                )
            elif not self._files or found.st_size > self._bytes:
                self.skipped.append(f"{shown}: too many files, or too large")
            else:
                self._files -= 1
                self._bytes -= found.st_size
                self._write(file.fileno(), target, found.st_size, found.st_mode & 0o755)

    def _write(self, source: int, target: Path, size: int, mode: int) -> None:
        """No more than it had when it was looked at: somebody else may still write to it."""
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode | 0o600)
        with os.fdopen(descriptor, "wb") as out:
            while size and (data := os.read(source, min(size, PIECE))):
                out.write(data)
                size -= len(data)

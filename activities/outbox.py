"""Files that an agent leaves are an enemy's files: opened without following links, counted, capped (sandbox §2.1)."""

import mimetypes
import os
import stat
from pathlib import Path

from airut.models.base import Model

FILES_MOST = 50
FILE_MOST = 100 * 1024**2
ALL_MOST = 200 * 1024**2
"""Files, bytes of one, bytes of all: what a reply or a bundle may carry out of a sandbox."""
STDERR_MOST = 2 * 1024**2
"""Bytes; the entrypoint keeps the last MiB."""


class LeftFile(Model):
    """A regular file from the root of the outbox."""

    name: str
    media_type: str
    content: bytes


class LeftFiles(Model):
    files: tuple[LeftFile, ...] = ()
    notes: tuple[str, ...] = ()
    """One line for each file that was not taken, with the reason."""


def read_outbox(outbox: Path) -> LeftFiles:
    """Read the regular files in the root of a folder that the agent can write to; everything else is named."""
    files: list[LeftFile] = []
    notes: list[str] = []  # capped too: an enemy can leave a million links
    room = ALL_MOST
    folder = _opened(outbox)
    try:
        for name in sorted(os.listdir(folder)):  # noqa: PTH208  # a held descriptor
            if len(files) + len(notes) >= FILES_MOST:
                notes.append(f"More than {FILES_MOST} files in the outbox: the rest was not sent.")
                break
            try:
                content = read_regular(name, folder, min(FILE_MOST, room))
            except OSError as error:
                notes.append(f"{name!r} was not sent: {error.strerror}.")
                continue
            room -= len(content)
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            files.append(LeftFile(name=_shown(name), media_type=media_type, content=content))
    finally:
        os.close(folder)
    return LeftFiles(files=tuple(files), notes=tuple(notes))


def read_regular(name: str | Path, folder: int | None = None, most: int = ALL_MOST) -> bytes:
    """Read a regular file with one link, relative to a held directory.

    Raises:
        OSError: a link, device, FIFO or folder; several links; larger than `most` bytes; absent.
    """
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        if status.st_nlink != 1:
            raise OSError(0, "it has several links")
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(0, f"larger than {most // 1024**2} MiB")
    return content


def read_or_nothing(path: Path, most: int = ALL_MOST) -> bytes:
    """A file of the sandbox's that may be absent, or that the agent may have put something odd in the place of."""
    try:
        return read_regular(path, most=most)
    except OSError:
        return b""


def empty(outbox: Path) -> None:
    """Remove the regular files and links in the root of the outbox, after they have been delivered."""
    folder = _opened(outbox)
    try:
        for name in os.listdir(folder):  # noqa: PTH208  # a held descriptor
            if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                os.unlink(name, dir_fd=folder)
    finally:
        os.close(folder)


def _opened(outbox: Path) -> int:
    """The folder, held; the agent owns it and may have taken our right to look into it."""
    if not outbox.is_symlink():
        outbox.chmod(0o700)  # a mount point of the sandbox: the agent cannot put anything in its place
    return os.open(outbox, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _shown(name: str) -> str:
    """A name without control characters, fit for a header."""
    return "".join(character if character.isprintable() else "_" for character in name)

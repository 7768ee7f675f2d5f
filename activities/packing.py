"""A thread's storage as a tar, and back. The agent wrote it, so every name in it is an enemy's."""

import io
import itertools
import os
import stat
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from airut.models.base import Model
from airut.models.threads.archive import STORAGE_MOST

ENTRIES_MOST = 20_000
"""Files and folders; a tree of more is a cache, and takes longer to make again here than where it came from."""
DEPTH_MOST = 64
"""Each level holds a descriptor open, of which a process has a thousand."""
LOSSES_MOST = 20
"""Lines; the rest is counted."""


class Packed(Model):
    """`content` is None when there was nothing, or too much. `losses`: one line for each thing that is not in it."""

    content: bytes | None = None
    losses: tuple[str, ...] = ()


def pack(folder: Path, most: int = STORAGE_MOST) -> Packed:
    """The regular files and folders below as a tar; the same tree makes the same bytes. Links, devices and what cannot
    be read are left out and named. Beyond `most` bytes or `ENTRIES_MOST` names nothing is taken: half of what belongs
    together is worth less than none."""
    try:
        opened = _open_folder(folder, None)
    except OSError as error:
        return Packed() if isinstance(error, FileNotFoundError) else Packed(losses=(f"/storage: {error.strerror}",))
    packer = _Packer(most)
    try:
        with tarfile.open(fileobj=packer.stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
            packer.add_folder(archive, opened, "", 0)
    except _TooMuch as too_much:
        return Packed(losses=(str(too_much),))
    finally:
        os.close(opened)
    more = packer.lost - len(packer.losses)
    losses = (*packer.losses, *([f"/storage: {more} more things that are not files"] if more else []))
    return Packed(content=packer.stream.getvalue() if packer.entries else None, losses=losses)


def unpack(content: bytes, folder: Path) -> None:
    """Lay the files of such a tar out below an existing folder, and nothing outside of it.

    Raises:
        OSError: the disk.
        tarfile.TarError: it is no tar, or a name in it leads out of the folder.
    """
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        members = [member for member in archive if member.isreg() or member.isdir()]
        archive.extractall(folder, members=members, filter="data")


class _TooMuch(Exception):
    pass


@dataclass
class _Packer:
    most: int
    stream: io.BytesIO = field(default_factory=io.BytesIO)
    entries: int = 0
    size: int = 0
    lost: int = 0
    losses: list[str] = field(default_factory=list)

    def add_folder(self, archive: tarfile.TarFile, folder: int, path: str, depth: int) -> None:
        with os.scandir(folder) as listing:
            # Not all of a listing that may not end.
            names = sorted(entry.name for entry in itertools.islice(listing, ENTRIES_MOST + 1))
        for name in names:
            self.entries += 1
            if self.entries > ENTRIES_MOST:
                raise _TooMuch(f"/storage holds more than {ENTRIES_MOST} files: none of it was kept")
            inner = f"{path}{name}"
            try:
                self._add(archive, folder, name, inner, depth)
            except OSError as error:
                self._lose(inner, error.strerror or "cannot be read")

    def _add(self, archive: tarfile.TarFile, folder: int, name: str, path: str, depth: int) -> None:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            if depth >= DEPTH_MOST:
                self._lose(path, f"more than {DEPTH_MOST} folders deep")
                return
            opened = _open_folder(name, folder)
            try:
                archive.addfile(_described(path, os.fstat(opened), tarfile.DIRTYPE))
                self.add_folder(archive, opened, f"{path}/", depth + 1)
            finally:
                os.close(opened)
        elif stat.S_ISREG(status.st_mode):
            self._add_file(archive, folder, name, path)
        else:
            self._lose(path, "not a regular file")

    def _add_file(self, archive: tarfile.TarFile, folder: int, name: str, path: str) -> None:
        with os.fdopen(_open(name, folder, os.O_RDONLY | os.O_NONBLOCK, 0o400), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "not a regular file")
            self.size += status.st_size  # as it looks, not as it lies on the disk: a sparse one is read in full
            if self.size > self.most:
                raise _TooMuch(f"/storage holds more than {self.most / 1024**2:.0f} MiB: none of it was kept")
            described = _described(path, status, tarfile.REGTYPE)
            content = file.read(status.st_size)
            described.size = len(content)
            archive.addfile(described, io.BytesIO(content))

    def _lose(self, path: str, reason: str) -> None:
        self.lost += 1
        if len(self.losses) < LOSSES_MOST:
            shown = "".join(character if character.isprintable() else "_" for character in path)[-200:]
            self.losses.append(f"/storage/{shown}: {reason}")


def _described(path: str, status: os.stat_result, kind: bytes) -> tarfile.TarInfo:
    described = tarfile.TarInfo(path)
    described.type = kind
    described.mtime = int(status.st_mtime)
    described.mode = stat.S_IMODE(status.st_mode) & 0o777
    return described


def _open_folder(name: str | Path, folder: int | None) -> int:
    return _open(name, folder, os.O_RDONLY | os.O_DIRECTORY, 0o700)


def _open(name: str | Path, folder: int | None, flags: int, needed: int) -> int:
    """Open without following a link; where the agent took the owner's right to, take it back first."""
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
    except PermissionError:
        held = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=folder)
        try:
            status = os.fstat(held)
            if stat.S_ISLNK(status.st_mode):
                raise
            # Through the held descriptor: the name could be another thing by now.
            os.chmod(f"/proc/self/fd/{held}", stat.S_IMODE(status.st_mode) | needed)  # noqa: PTH101
        finally:
            os.close(held)
    return os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)

"""Build contexts: what goes into an image, as a tar stream and as the hash that names the image. Deterministic."""

import hashlib
import io
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from airut.errors import ImageBuildFailed

MAX_BYTES = 64 * 1024**2
FILES = ("Dockerfile", "Containerfile")


@dataclass(frozen=True)
class ContextFile:
    """One file of a context; a link has a target and no data."""

    path: str
    mode: int
    data: bytes = b""
    link: str | None = None


def read_folder(folder: Path) -> tuple[ContextFile, ...]:
    """Everything below a repository's build folder.

    Raises:
        ImageBuildFailed: no Dockerfile, too big, a link that leads out, or something that is neither file nor folder.
    """
    if not any((folder / name).is_file() for name in FILES):
        raise ImageBuildFailed(f"{folder.name} holds neither a Dockerfile nor a Containerfile")
    files = tuple(_files(folder.resolve()))
    if sum(len(file.data) for file in files) > MAX_BYTES:
        raise ImageBuildFailed(f"{folder.name} is larger than {MAX_BYTES // 1024**2} MiB")
    return files


def dockerfile(files: Iterable[ContextFile]) -> str:
    """The one to build by: the first of `FILES` that there is."""
    names = {file.path for file in files}
    return next(name for name in FILES if name in names)


def package_files(folder: Path, below: str) -> tuple[ContextFile, ...]:
    """The Python files of a package of ours, placed below a folder of the context."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return tuple(ContextFile(f"{below}/{path.relative_to(folder)}", 0o644, path.read_bytes()) for path in found)


def content_hash(files: Iterable[ContextFile], *more: str) -> str:
    """16 hex digits over the sorted files and whatever else decides what the image holds."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.path):
        digest.update(f"{file.path}\0{file.mode:o}\0{file.link or ''}\0{len(file.data)}\0".encode() + file.data)
    digest.update("\0".join(more).encode())
    return digest.hexdigest()[:16]


def tar(files: Iterable[ContextFile]) -> bytes:
    """The context as the engine's build call takes it: owner root and no times, so that layers are found again."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for file in sorted(files, key=lambda file: file.path):
            entry = tarfile.TarInfo(file.path)
            entry.mode = file.mode
            if file.link is not None:
                entry.type, entry.linkname = tarfile.SYMTYPE, file.link
            entry.size = len(file.data)
            archive.addfile(entry, io.BytesIO(file.data))
    return stream.getvalue()


def _files(folder: Path) -> Iterator[ContextFile]:
    for path in sorted(folder.rglob("*")):
        name, found = str(path.relative_to(folder)), path.lstat()
        mode = stat.S_IMODE(found.st_mode)
        if stat.S_ISLNK(found.st_mode):
            if not path.resolve().is_relative_to(folder):
                raise ImageBuildFailed(f"{folder.name}/{name} is a link that leads out of the build folder")
            yield ContextFile(name, 0o777, link=str(path.readlink()))
        elif stat.S_ISREG(found.st_mode):
            if found.st_size > MAX_BYTES:
                raise ImageBuildFailed(f"{folder.name}/{name} is larger than {MAX_BYTES // 1024**2} MiB")
            yield ContextFile(name, 0o755 if mode & 0o100 else 0o644, path.read_bytes())
        elif not stat.S_ISDIR(found.st_mode):
            raise ImageBuildFailed(f"{folder.name}/{name} is neither a file nor a folder")

"""Makes a backup: one tar archive, whose last member says what stands in it."""

import contextlib
import hashlib
import io
import json
import os
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from airut.operations.backup.items import Item, Kind, files_of
from airut.operations.backup.manifest import MEMBER, SECRETS, Manifest, Member, homely, place
from airut.operations.backup.sealed import seal


def write(
    target: Path,
    items: Iterable[Item],
    state: Path,
    elsewhere: tuple[str, ...],
    secrets: Mapping[str, bytes] | None = None,
    passphrase: str = "",
) -> Manifest:
    """Write all that there is of the items, and `secrets`, by the names of their files, under the passphrase. `target`
    appears when it is whole, for its owner alone (0600).

    Raises:
        OSError: it cannot be written, or something cannot be read.
        sqlite3.Error: a database cannot be copied.
    """
    items = tuple(items)
    members: dict[str, Member] = {}
    partial = target.with_name(f".{target.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with (
            os.fdopen(descriptor, "wb") as file,
            tempfile.TemporaryDirectory(dir=target.parent, prefix=".airut-") as folder,
        ):
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for item in items:
                    for name, path in _files(item, Path(folder)):
                        _add(archive, name, path, members)
                if secrets is not None:
                    texts = {name: content.decode() for name, content in secrets.items()}
                    _put(archive, SECRETS, seal(json.dumps(texts).encode(), passphrase), members)
                manifest = Manifest(
                    made=datetime.now(UTC),
                    airut=version("airut-temporal"),
                    state=homely(state),
                    items={item.name: place(item) for item in items},
                    members=members,
                    elsewhere=elsewhere,
                )
                _put(archive, MEMBER, manifest.model_dump_json(indent=1).encode(), {})
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _files(item: Item, scratch: Path) -> Iterator[tuple[str, Path]]:
    """The members of an item, each with where its content is to be had."""
    match item.kind:
        case Kind.FILE:
            yield item.name, item.path
        case Kind.FILES:
            for path in files_of(item.path):
                yield f"{item.name}/{path.name}", path
        case Kind.FOLDER:
            for path in sorted(item.path.rglob("*")):
                yield f"{item.name}/{path.relative_to(item.path)}", path
        case Kind.DATABASE if item.path.is_file():
            copy = scratch / item.name
            copy_database(item.path, copy)
            yield item.name, copy
        case Kind.DATABASE:
            pass


def copy_database(source: Path, target: Path) -> None:
    """As it is at one moment, whoever writes to it meanwhile (SQLite, *Online Backup API*)."""
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def _add(archive: tarfile.TarFile, name: str, path: Path, members: dict[str, Member]) -> None:
    """A regular file. One that is gone by now was swept, and nobody needs it; links and sockets are none of ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    except OSError:
        if path.is_symlink():
            return
        raise
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return
        file = stack.enter_context(os.fdopen(descriptor, "rb", closefd=False))
        information = archive.gettarinfo(name, arcname=name, fileobj=file)
        reading = _Digested(file, information.size)
        archive.addfile(information, reading)  # type: ignore[arg-type]  # it needs `read` only
        members[name] = Member(size=information.size, sha256=reading.digest.hexdigest())


def _put(archive: tarfile.TarFile, name: str, content: bytes, members: dict[str, Member]) -> None:
    information = tarfile.TarInfo(name)
    information.size, information.mode = len(content), 0o600
    archive.addfile(information, io.BytesIO(content))
    members[name] = Member(size=len(content), sha256=hashlib.sha256(content).hexdigest())


class _Digested:
    """A file of which as much is read as it had when it was looked at: a log may grow meanwhile."""

    def __init__(self, file: io.BufferedReader, size: int) -> None:
        self.digest = hashlib.sha256()
        self._file = file
        self._left = size

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        self.digest.update(data)
        return data

"""The blob store in a local folder: `<root>/<first two hex digits>/<digest>`, one file a blob.

A file's modification time is when its blob was last used; its content never changes.
"""

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airut.errors import BlobCorrupt, BlobMissing, NoSpace
from airut.models.blob import BlobRef, PassingBlob, SweptBlobs

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_INCOMING = "incoming"
_LEAVING = "leaving"
_PASSING_NS = 1_000_000_000
"""How much earlier than now a passing blob is dated: whoever uses it leaves another time on it for sure."""
_WRITING_MOST = timedelta(days=1)
"""A writer has all bytes at hand, and is done in seconds: what lies in `incoming/` for longer, nobody writes."""

log = logging.getLogger(__name__)


class LocalBlobStore:
    """Implements `airut.ports.blobs.BlobStore` and `BlobUpkeep`. Several processes may share one root.

    A file appears under its digest only by a rename of fully written and synced bytes, so a crash leaves at most an
    orphan in `incoming/`, never half a blob.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, content: bytes) -> BlobRef:
        return await asyncio.to_thread(self._put, content)

    async def get(self, ref: BlobRef) -> bytes:
        return await asyncio.to_thread(self._get, ref)

    async def put_passing(self, content: bytes) -> PassingBlob:
        return await asyncio.to_thread(self._put_passing, content)

    async def drop(self, blob: PassingBlob) -> bool:
        return await asyncio.to_thread(self._drop, blob)

    async def renew(self, refs: tuple[BlobRef, ...]) -> None:
        await asyncio.to_thread(self._renew, refs)

    async def delete_unused(self, since: datetime) -> SweptBlobs:
        return await asyncio.to_thread(self._delete_unused, since.timestamp())

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256

    def _put(self, content: bytes) -> BlobRef:
        ref = _named(content)
        with self._reported(ref):
            self._put_as(ref, content)
        return ref

    def _put_as(self, ref: BlobRef, content: bytes) -> None:
        target = self._path(ref.sha256)
        # First of all it is in use: a sweep that has it in hand puts it back, or it is found to be gone.
        if not (_use(target) and _holds(target, ref)):
            with self._written(target, content) as temporary:
                temporary.replace(target)
        # Also for a blob that was there: another process may have renamed it and died before this very sync.
        self._sync(target)

    def _put_passing(self, content: bytes) -> PassingBlob:
        ref = _named(content)
        target = self._path(ref.sha256)
        with self._reported(ref):
            if not target.exists():
                with self._written(target, content) as temporary:
                    used = time.time_ns() - _PASSING_NS
                    os.utime(temporary, ns=(used, used))
                    mark = temporary.stat().st_mtime_ns  # as coarse as the file system keeps it
                    with contextlib.suppress(FileExistsError):
                        os.link(temporary, target)  # unlike a rename, it never takes the place of another's
                        self._sync(target)
                        return PassingBlob(ref=ref, mark=mark)
            self._put_as(ref, content)
        return PassingBlob(ref=ref)

    @contextlib.contextmanager
    def _reported(self, ref: BlobRef) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise NoSpace(f"no space for a blob of {ref.size} bytes below {self._root}") from error
            raise

    @contextlib.contextmanager
    def _written(self, target: Path, content: bytes) -> Iterator[Path]:
        """A file of the bytes, synced, to be renamed or linked to its place; what is left of it is removed."""
        incoming = self._root / _INCOMING
        for folder in (incoming, target.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _sync(self, target: Path) -> None:
        _sync_folder(target.parent)
        _sync_folder(self._root)

    def _get(self, ref: BlobRef) -> bytes:
        path = self._path(ref.sha256)
        with contextlib.suppress(OSError):  # where one may only read, somebody else keeps account
            _use(path)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            content = self._leaving(ref)
        if len(content) != ref.size or hashlib.sha256(content).hexdigest() != ref.sha256:
            raise BlobCorrupt(f"blob {ref.sha256} does not have its digest or size any more")
        return content

    def _leaving(self, ref: BlobRef) -> bytes:
        """A blob that a sweep has in hand just now. Raises: BlobMissing"""
        try:
            return (self._root / _LEAVING / ref.sha256).read_bytes()
        except FileNotFoundError:
            pass
        try:
            return self._path(ref.sha256).read_bytes()  # put back meanwhile
        except FileNotFoundError as error:
            raise BlobMissing(f"no blob {ref.sha256}") from error

    def _renew(self, refs: tuple[BlobRef, ...]) -> None:
        for ref in refs:
            _use(self._path(ref.sha256))

    def _drop(self, blob: PassingBlob) -> bool:
        path, leaving = self._path(blob.ref.sha256), self._root / _LEAVING
        if blob.mark is None:
            return False
        leaving.mkdir(mode=0o700, exist_ok=True)
        try:  # out of the way first, as in `_delete_unused`
            held = path.replace(leaving / path.name)
            if held.stat().st_mtime_ns != blob.mark:
                held.replace(path)
                return False
            held.unlink()
        except FileNotFoundError:
            return False
        return True

    def _delete_unused(self, since: float) -> SweptBlobs:
        leaving, count, size = self._root / _LEAVING, 0, 0
        if not self._root.is_dir():
            return SweptBlobs()
        leaving.mkdir(mode=0o700, exist_ok=True)
        for path in (*leaving.iterdir(), *self._blobs()):  # first what a sweep that was killed had in hand
            try:
                if path.parent != leaving and path.stat().st_mtime >= since:
                    continue
                # Out of the way, and only then looked at for the last time: who uses it from now on finds it gone, and
                # who did so before has left a younger time on it.
                held = path.replace(leaving / path.name)
                status = held.stat()
                if status.st_mtime >= since:
                    held.replace(self._path(held.name))
                    continue
                held.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                log.warning("blob %s stays: %s", path.name, error.strerror)
                continue
            count, size = count + 1, size + status.st_size
        self._delete_half_written()
        return SweptBlobs(count=count, bytes=size)

    def _blobs(self) -> Iterator[Path]:
        for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]")):
            with os.scandir(folder) as entries:
                yield from (Path(entry.path) for entry in entries)

    def _delete_half_written(self) -> None:
        before = (datetime.now(UTC) - _WRITING_MOST).timestamp()
        for path in (self._root / _INCOMING).glob("*"):
            try:
                if path.stat().st_mtime < before:
                    path.unlink()
            except FileNotFoundError:
                continue


def _named(content: bytes) -> BlobRef:
    return BlobRef(sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _use(path: Path) -> bool:
    """Note that it is used now; whether it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _holds(target: Path, ref: BlobRef) -> bool:
    """Whether the file is there and whole; a damaged one is written anew, since the right bytes are at hand."""
    try:
        content = target.read_bytes()
    except FileNotFoundError:
        return False
    return hashlib.sha256(content).hexdigest() == ref.sha256


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

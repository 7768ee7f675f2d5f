"""The blob store in a local folder: `<root>/<first two hex digits>/<digest>`, one file a blob."""

import asyncio
import errno
import hashlib
import os
import tempfile
from pathlib import Path

from airut.errors import BlobCorrupt, BlobMissing, NoSpace
from airut.models.blob import BlobRef

_FULL = {errno.ENOSPC, errno.EDQUOT}
_INCOMING = "incoming"


class LocalBlobStore:
    """Implements `airut.ports.blobs.BlobStore`. Several processes may share one root.

    A file appears under its digest only by a rename of fully written and synced bytes, so a crash leaves at most an
    orphan in `incoming/`, never half a blob.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, content: bytes) -> BlobRef:
        return await asyncio.to_thread(self._put, content)

    async def get(self, ref: BlobRef) -> bytes:
        return await asyncio.to_thread(self._get, ref)

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256

    def _put(self, content: bytes) -> BlobRef:
        ref = BlobRef(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        target = self._path(ref.sha256)
        try:
            if not _holds(target, ref):
                self._write(target, content)
            # Also for a blob that was there: another process may have renamed it and died before this very sync.
            _sync_folder(target.parent)
            _sync_folder(self._root)
        except OSError as error:
            if error.errno in _FULL:
                raise NoSpace(f"no space for a blob of {len(content)} bytes below {self._root}") from error
            raise
        return ref

    def _write(self, target: Path, content: bytes) -> None:
        incoming = self._root / _INCOMING
        for folder in (incoming, target.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=incoming)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _get(self, ref: BlobRef) -> bytes:
        try:
            content = self._path(ref.sha256).read_bytes()
        except FileNotFoundError as error:
            raise BlobMissing(f"no blob {ref.sha256}") from error
        if len(content) != ref.size or hashlib.sha256(content).hexdigest() != ref.sha256:
            raise BlobCorrupt(f"blob {ref.sha256} does not have its digest or size any more")
        return content


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

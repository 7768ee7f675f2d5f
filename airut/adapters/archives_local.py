"""Archives in a local folder: `<root>/<digest of the thread id>.json`, one file a thread."""

import asyncio
import errno
import hashlib
import logging
import os
import tempfile
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from airut.errors import ArchiveUnavailable, ArchiveUnreadable, NoSpace
from airut.models.threads.archive import ArchivedThread

log = logging.getLogger(__name__)


class LocalArchives:
    """Implements `airut.ports.archives.Archives`. Several processes may share one root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, archive: ArchivedThread) -> None:
        await asyncio.to_thread(self._put, archive)

    async def get(self, thread: str) -> ArchivedThread | None:
        return await asyncio.to_thread(self._get, thread)

    async def delete_older_than(self, ended_before: datetime) -> int:
        return await asyncio.to_thread(self._delete, ended_before)

    def _path(self, thread: str) -> Path:
        # A digest: ids hold slashes, and what channels make of them is not for a file system to like.
        return self._root / f"{hashlib.sha256(thread.encode()).hexdigest()}.json"

    def _put(self, archive: ArchivedThread) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = self._path(archive.thread)
        descriptor, name = tempfile.mkstemp(dir=self._root, prefix=".")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(archive.model_dump_json().encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            _sync_folder(self._root)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise NoSpace(f"no space for the archive of {archive.thread} below {self._root}") from error
            raise

    def _get(self, thread: str) -> ArchivedThread | None:
        path = self._path(thread)
        try:
            return ArchivedThread.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:  # a disk or a mount that is away: nothing may be concluded about the thread
            raise ArchiveUnavailable(f"{path} cannot be read: {error.strerror}; look after that disk") from error
        except ValidationError:
            raise ArchiveUnreadable(
                f"the archive of {thread} cannot be read; restore {path} from a backup, or remove it to let the thread "
                "begin afresh"
            ) from None

    def _delete(self, ended_before: datetime) -> int:
        removed = 0
        for path in self._root.glob("*.json") if self._root.is_dir() else ():
            try:
                archive = ArchivedThread.model_validate_json(path.read_bytes())
                if archive.ended_at < ended_before:
                    path.unlink(missing_ok=True)
                    removed += 1
            except FileNotFoundError:
                continue
            except (OSError, ValidationError) as error:
                log.warning("the archive %s stays: %s", path, type(error).__name__)
        return removed


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The writer. Processes of a host take turns: whoever holds the lock reads where the log ends, appends, and waits until
the disk has it. A process that is killed leaves at most half a line, which nobody was told of."""

import asyncio
import errno
import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from airut.adapters.audit.chain import Head, entry_after, fault, line, read
from airut.adapters.audit.repeated import find
from airut.adapters.audit.segments import (
    full_name,
    head_file,
    read_head,
    segments,
    sync_folder,
    write_head,
)
from airut.errors import AuditUnavailable
from airut.models.credentials.redaction import Redactor
from airut.models.telemetry.audit import AuditAction, AuditEntry, AuditEvent

ROTATED_AT = 64 * 1024**2
"""Bytes: about 200,000 entries, which verify in two seconds."""

PATIENCE = 10.0
"""Seconds to wait for another writer: an entry takes milliseconds, and who holds the log for longer is stuck."""

logger = logging.getLogger("airut.audit")


class AuditLog:
    """Implements `airut.ports.audit.AuditTrail`."""

    def __init__(
        self,
        path: Path,
        *,
        config_digest: Callable[[], str] = str,
        redactor: Redactor | None = None,
        rotated_at: int = ROTATED_AT,
        patience: float = PATIENCE,
    ) -> None:
        self._path = path
        self._config_digest = config_digest
        self._redactor = redactor or Redactor()
        self._rotated_at = rotated_at
        self._patience = patience

    async def record(self, event: AuditEvent) -> None:
        await asyncio.to_thread(self.append, event)

    def append(self, event: AuditEvent) -> AuditEntry:
        """Returns the entry: the one that was there, where the event says `once`.

        Raises:
            AuditUnavailable
        """
        try:
            with self._locked() as lock:
                known = find(self._path, self._entry(Head(), event)) if event.once else None
                return known or self._append(lock, event)
        except OSError as error:
            raise self._unavailable(error.strerror or type(error).__name__, _remedy(error)) from error

    def head(self) -> Head:
        """Where the log ends. Raises: AuditUnavailable"""
        try:
            with self._locked() as lock:
                return self._end(lock)[0]
        except OSError as error:
            raise self._unavailable(error.strerror or type(error).__name__, _remedy(error)) from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(head_file(self._path), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            ends = time.monotonic() + self._patience
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > ends:
                        raise self._unavailable(
                            f"another writer has held it for {self._patience:g} s", "`lslocks` names the process"
                        ) from None
                    time.sleep(0.002)
            yield lock
        finally:
            os.close(lock)

    def _append(self, lock: int, event: AuditEvent) -> AuditEntry:
        head, torn = self._end(lock)
        if head.size >= self._rotated_at:
            head = self._rotate(head)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if head.size == 0:
                sync_folder(self._path.parent)
            if torn:
                os.ftruncate(file, head.size)
                repaired = AuditEvent(
                    actor="airut", action=AuditAction.REPAIRED, object=self._path.name, detail={"bytes": torn}
                )
                head, _ = self._write(file, lock, head, repaired)
            return self._write(file, lock, head, event)[1]
        finally:
            os.close(file)

    def _write(self, file: int, lock: int, head: Head, event: AuditEvent) -> tuple[Head, AuditEntry]:
        entry = self._entry(head, event)
        text = line(entry)
        try:
            written = os.write(file, text)
            if written < len(text):  # what a full disk does before it says so
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file)
        except OSError:
            os.ftruncate(file, head.size)
            raise
        new = Head(seq=entry.seq, hash=entry.hash, size=head.size + len(text))
        write_head(lock, new)
        return new, entry

    def _entry(self, head: Head, event: AuditEvent) -> AuditEntry:
        return entry_after(head, event, datetime.now(UTC), self._config_digest(), self._redactor)

    def _rotate(self, head: Head) -> Head:
        with self._path.open("rb") as file:
            first = read(file.readline()).seq
        self._path.rename(full_name(self._path, first))
        return head.model_copy(update={"size": 0})

    def _end(self, lock: int) -> tuple[Head, int]:
        """Where the log really ends, and how many bytes of half a line come after that.

        Raises:
            AuditUnavailable: the files are not what was written.
        """
        known, found = read_head(lock), segments(self._path)
        if known is None:
            known = Head() if not found else self._start_of(found[-1])
        if not self._path.exists():
            if known.seq and not (found and _last(found[-1]) == known.hash):
                raise self._unavailable(
                    f"it is gone, and had {known.seq} entries",
                    f"put it back, or remove {head_file(self._path)} to begin another one",
                )
            return known.model_copy(update={"size": 0}), 0
        size = self._path.stat().st_size
        if size == known.size:
            return known, 0
        if size < known.size and _last(_newest_full(found)) == known.hash:
            known = known.model_copy(update={"size": 0})  # killed after a rotation, before its first entry was counted
        if size < known.size:
            raise self._unavailable(
                f"it was shortened, from {known.size} to {size} bytes",
                f"put it back, or move it away with {head_file(self._path)} to begin another one",
            )
        return self._caught_up(known)

    def _caught_up(self, known: Head) -> tuple[Head, int]:
        """What a writer that was killed has not counted."""
        with self._path.open("rb") as file:
            file.seek(known.size)
            for text in file:
                if not text.endswith(b"\n"):
                    return known, len(text)
                if wrong := fault(text, known):
                    raise self._unavailable(
                        f"the entry after number {known.seq} {wrong}", "`airut audit verify` shows the place"
                    )
                entry = read(text)
                known = Head(seq=entry.seq, hash=entry.hash, size=known.size + len(text))
        return known, 0

    def _start_of(self, newest: Path) -> Head:
        """The head is not there, as after a restore: the newest file tells, from its own first entry on."""
        with newest.open("rb") as file:
            try:
                first = read(file.readline())
            except ValueError:
                raise self._unavailable(f"{newest.name} does not begin with an entry", "put it back") from None
        return Head(seq=first.seq - 1, hash=first.prev, size=0)

    def _unavailable(self, why: str, remedy: str) -> AuditUnavailable:
        return AuditUnavailable(f"the audit log {self._path} cannot be written: {why}; {remedy}")


def _newest_full(found: list[Path]) -> Path | None:
    """The newest file that is full."""
    return found[-2] if len(found) > 1 else None


def _last(file: Path | None) -> str | None:
    """The hash of a file's last entry."""
    if file is None:
        return None
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - 128 * 1024))  # an entry is at most half of that
        lines = opened.read().splitlines()
    try:
        return read(lines[-1]).hash
    except (IndexError, ValueError):
        return None


def _remedy(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room there"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "let the user of Airut write there, or set audit.path"
    return "see audit.path"

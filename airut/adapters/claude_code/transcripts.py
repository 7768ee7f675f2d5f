"""The session's transcript as a whole: taken into our own keeping, put back, looked at. Implements
`airut.ports.agent.Sessions`. The home is the agent's: see `session`.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airut.adapters.claude_code.session import FOLDER, MESSAGES, chain, choose, entry_of, held_folder, open_transcript
from airut.models.credentials.redaction import Redactor

MOST = 64 * 1024**2
"""Bytes. An ordinary transcript has some MB; the model's context, in which it must fit, has fewer."""
KEPT_MOST = 10_000
"""Names tried for what is moved aside; each takes a restored session, or an agent that plants files."""


class ClaudeSessions:
    """Holds nothing: the transcripts are in the home that each call names. What `redactor` knows is in none that is
    kept."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        self._redactor = redactor or Redactor()

    def save(self, home: Path, session_id: str) -> bytes | None:
        session = choose(home, session_id)
        data = _read(home, session.id) if session.resumes else None
        return self._redactor.data(whole_lines(data)) if data is not None and len(data) <= MOST else None

    def restore(self, home: Path, session_id: str, transcript: bytes) -> None:
        uuid.UUID(session_id)
        with _made_folder(home) as folder:
            beside = f".{session_id}.restoring"
            _aside(folder, beside)
            _write(folder, beside, transcript)
            for name in list(chain(session_id)):  # one that is left under a later id would be taken for newer
                if not _aside(folder, f"{name}.jsonl"):
                    break
            os.rename(beside, f"{session_id}.jsonl", src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)

    def is_intact(self, home: Path, session_id: str) -> bool:
        session = choose(home, session_id)
        data = _read(home, session.id) if session.resumes else None
        return data is not None and _is_linked(data)

    def holds(self, home: Path, session_id: str, entry: str) -> bool:
        session = choose(home, session_id)
        data = _read(home, session.id) if session.resumes else None
        wanted = entry.encode()  # most lines need no parsing
        return any(wanted in line and entry_of(line).get("uuid") == entry for line in (data or b"").split(b"\n"))


def whole_lines(data: bytes) -> bytes:
    """Without an unfinished last line; a last line that lacks only its end is whole."""
    head, _, last = data.rpartition(b"\n")
    if last and entry_of(last):
        return data + b"\n"
    return head + b"\n" if head else b""


def _is_linked(data: bytes) -> bool:
    """Whether each message up to the newest has the one before it. A line that was torn by a kill stays in the file for
    good, and Claude Code passes over it: it does harm only where another one refers to it."""
    before: dict[str, object] = {}
    newest: object = None
    for line in data.split(b"\n"):
        entry = entry_of(line)
        link = entry.get("uuid")
        if isinstance(link, str):
            before[link] = entry.get("parentUuid")
            if entry.get("type") in MESSAGES and not entry.get("isSidechain"):
                newest = link
    for _ in range(len(before)):
        if not isinstance(newest, str) or newest not in before:
            return False
        newest = before[newest]
        if newest is None:  # the first message, or the first after a compaction
            return True
    return False


def _read(home: Path, session_id: str) -> bytes | None:
    """Up to one byte more than `MOST`; None for what is no plain file."""
    with held_folder(home) as folder:
        file = open_transcript(folder, session_id) if folder is not None else None
        if file is None:
            return None
        with os.fdopen(file, "rb") as stream:
            return stream.read(MOST + 1)


@contextmanager
def _made_folder(home: Path) -> Iterator[int]:
    """The folder of transcripts, made where it lacks; what is in its place and no folder is moved aside."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    held = [os.open(home, flags)]
    try:
        for name in FOLDER:
            try:
                held.append(os.open(name, flags, dir_fd=held[-1]))
            except OSError:
                _aside(held[-1], name)
                os.mkdir(name, 0o700, dir_fd=held[-1])
                held.append(os.open(name, flags, dir_fd=held[-1]))
        yield held[-1]
    finally:
        for descriptor in held:
            os.close(descriptor)


def _aside(folder: int, name: str) -> bool:
    """Give what lies there another name, that is not yet taken. False where there is nothing."""
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    for number in range(1, KEPT_MOST):
        try:
            os.lstat(f"{name}.kept-{number}", dir_fd=folder)
        except FileNotFoundError:
            os.rename(name, f"{name}.kept-{number}", src_dir_fd=folder, dst_dir_fd=folder)
            return True
    raise OSError(f"{name} and {KEPT_MOST:,} older ones are in the way")


def _write(folder: int, name: str, data: bytes) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with os.fdopen(file, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(file)

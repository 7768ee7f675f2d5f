"""The session's transcripts in the agent's home: which one to resume. Looks, and changes nothing: a container of this
thread may still be running. The agent can write there, so that everything is opened by a held folder, links are never
followed, only plain files are read, and of those only the beginning.
"""

import json
import os
import re
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from airut.adapters.claude_code.values import Event, blocks_of, name_of

FOLDER = ("projects", "-workspace")  # Claude Code's name for sessions of /workspace
LOOK = 1024 * 1024  # bytes; an ordinary transcript has a message within the first 200 kB
LOOK_LINES = 1_000
MESSAGES = ("user", "assistant")
CALL = re.compile(r"[A-Za-z0-9_-]{1,100}")  # it names a file, and stands in a pattern of a shell's
AGAIN_MOST = (
    50  # ids after the first; each takes a crash within the first second of a run, or an agent that plants files
)


class Transcript(Enum):
    ABSENT = "absent"
    RESUMABLE = "resumable"
    DEAD_END = "dead end"
    """It has no message yet: it can neither be resumed ("No conversation found") nor made anew ("already in use")."""


@dataclass(frozen=True)
class Session:
    """The session that a run goes on with, or begins."""

    id: str
    resumes: bool


@dataclass(frozen=True)
class Waiting:
    """A call of a tool that a hook put off, and that is run again when the session is resumed."""

    call: str
    tool: str


def choose(home: Path, session_id: str) -> Session:
    """The newest that can be resumed among this id and those that followed it; else a new one under the first id that
    is free. An id follows when the one before is a dead end, and is the same for whoever asks."""
    newest: Session | None = None
    ids = list(chain(session_id))
    with held_folder(home) as folder:
        for candidate in ids:
            transcript = Transcript.ABSENT if folder is None else _look(folder, candidate)
            if transcript is Transcript.ABSENT:
                return newest or Session(candidate, resumes=False)
            if transcript is Transcript.RESUMABLE:
                newest = Session(candidate, resumes=True)
    return newest or Session(ids[-1], resumes=False)


def waiting(home: Path, session_id: str) -> Waiting | None:
    """The call that the transcript ends with and that was put off, if any. A result of another call behind it (of those
    made along with it) makes Claude Code forget it."""
    with held_folder(home) as folder:
        lines = _tail(folder, session_id) if folder is not None else []
    put_off: list[object] = []
    for line in reversed(lines):
        entry = entry_of(line)
        if entry.get("type") == "attachment":
            attachment = entry.get("attachment")
            if isinstance(attachment, dict) and attachment.get("type") == "hook_deferred_tool":
                put_off.append(attachment.get("toolUseID"))
        elif entry.get("type") in MESSAGES and not entry.get("isSidechain"):
            return next((call for call in _calls(entry) if call.call in put_off), None)
    return None


def _calls(entry: Event) -> list[Waiting]:
    found = [block for block in blocks_of(entry) if block.get("type") == "tool_use"]
    pairs = [(name_of(block.get("id")), name_of(block.get("name"))) for block in found]
    return [Waiting(call, tool) for call, tool in pairs if call and tool and CALL.fullmatch(call)]


def _tail(folder: int, session_id: str) -> list[bytes]:
    file = open_transcript(folder, session_id)
    if file is None:
        return []
    try:
        return os.pread(file, LOOK, max(0, os.fstat(file).st_size - LOOK)).split(b"\n")[-LOOK_LINES:]
    except OSError:
        return []
    finally:
        os.close(file)


def chain(session_id: str) -> Iterator[str]:
    """The id and those that follow it."""
    yield session_id
    try:
        namespace = uuid.UUID(session_id)
    except ValueError:  # Claude Code will refuse it in its own words
        return
    yield from (str(uuid.uuid5(namespace, f"again-{number}")) for number in range(1, AGAIN_MOST + 1))


def _look(folder: int, session_id: str) -> Transcript:
    try:
        os.stat(f"{session_id}.jsonl", dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return Transcript.ABSENT
    except (OSError, ValueError):
        return Transcript.DEAD_END
    file = open_transcript(folder, session_id)
    if file is None:
        return Transcript.DEAD_END
    try:
        head = os.read(file, LOOK)
    except OSError:
        return Transcript.DEAD_END
    finally:
        os.close(file)
    lines = head.split(b"\n", LOOK_LINES)[:LOOK_LINES]
    return Transcript.RESUMABLE if any(map(_is_message, lines)) else Transcript.DEAD_END


def open_transcript(folder: int, session_id: str) -> int | None:
    """A descriptor of that plain file, without waiting for what is none; None for everything else."""
    try:
        file = os.open(f"{session_id}.jsonl", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    return None


def _is_message(line: bytes) -> bool:
    return entry_of(line).get("type") in MESSAGES


def entry_of(line: bytes) -> Event:
    """Empty for what is none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


@contextmanager
def held_folder(home: Path) -> Iterator[int | None]:
    """The folder of transcripts, held open; None where it is absent or not reached by folders alone."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    held: list[int] = []
    try:
        try:
            held.append(os.open(home, flags))
            for name in FOLDER:
                held.append(os.open(name, flags, dir_fd=held[-1]))
            found: int | None = held[-1]
        except OSError:
            found = None
        yield found
    finally:
        for descriptor in held:
            os.close(descriptor)

"""The session's transcript in the agent's home: whether there is one to resume. The agent can write there, so that
nothing is opened but by a held folder, and links are never followed."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

FOLDER = ("projects", "-workspace")  # Claude Code's name for sessions of /workspace
LOOK = 1024 * 1024  # bytes; an ordinary transcript has a message within the first 200 kB


class Transcript(Enum):
    ABSENT = "absent"
    RESUMABLE = "resumable"
    DEAD_END = "dead end"
    """It has no message yet: it can neither be resumed ("No conversation found") nor made anew ("already in use")."""


def look(home: Path, session_id: str) -> Transcript:
    """What there is of a session below its home."""
    with _folder(home) as folder:
        if folder is None:
            return Transcript.ABSENT
        try:
            file = os.open(f"{session_id}.jsonl", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except FileNotFoundError:
            return Transcript.ABSENT
        except OSError:
            return Transcript.DEAD_END
        try:
            head = os.read(file, LOOK)
        except OSError:
            return Transcript.DEAD_END
        finally:
            os.close(file)
    return Transcript.RESUMABLE if any(map(_is_message, head.splitlines())) else Transcript.DEAD_END


def move_away(home: Path, session_id: str) -> None:
    """Give the session's name free; the file stays beside for whoever wants to know why."""
    with _folder(home) as folder:
        if folder is not None:
            os.replace(f"{session_id}.jsonl", f"{session_id}.dead-end", src_dir_fd=folder, dst_dir_fd=folder)


def _is_message(line: bytes) -> bool:
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    return isinstance(entry, dict) and entry.get("type") in {"user", "assistant"}


@contextmanager
def _folder(home: Path) -> Iterator[int | None]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    held: list[int] = []
    try:
        held.append(os.open(home, flags))
        held.extend(os.open(name, flags, dir_fd=held[-1]) for name in FOLDER)
    except OSError:
        held.clear()
    try:
        yield held[-1] if held else None
    finally:
        for descriptor in held:
            os.close(descriptor)

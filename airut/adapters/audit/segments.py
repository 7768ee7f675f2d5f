"""The files of an audit log: the one that is written to, and those that were full, by their first entry's number."""

import os
from pathlib import Path

from airut.adapters.audit.chain import Head

_DIGITS = 12


def head_file(path: Path) -> Path:
    """Where the log ends, and the lock of whoever writes."""
    return path.with_suffix(".head")


def segments(path: Path) -> list[Path]:
    """All files that there are, oldest first."""
    stem = path.stem
    full = [
        each
        for each in path.parent.glob(f"{stem}-*{path.suffix}")
        if len(number := each.stem.removeprefix(f"{stem}-")) == _DIGITS and number.isdecimal()
    ]
    return [*sorted(full), *([path] if path.exists() else [])]


def full_name(path: Path, first: int) -> Path:
    """The name of a full file whose first entry has this number."""
    return path.with_name(f"{path.stem}-{first:0{_DIGITS}}{path.suffix}")


def sync_folder(folder: Path) -> None:
    """Make names in it as lasting as contents."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_head(descriptor: int) -> Head | None:
    """What the head file says; None where it says nothing, as a new one does."""
    text = os.pread(descriptor, 4096, 0)
    try:
        return Head.model_validate_json(text.split(b"\n", 1)[0])
    except ValueError:
        return None


def write_head(descriptor: int, head: Head) -> None:
    """In one write of a fixed length, after what it speaks of is on disk. Where power is lost before this is, the log
    is longer than it says, which the next writer sees."""
    os.pwrite(descriptor, head.model_dump_json().encode().ljust(200) + b"\n", 0)

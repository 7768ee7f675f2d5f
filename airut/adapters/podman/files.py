"""Files that only a container may read: written beside and renamed, 0400, in folders of 0700."""

import errno
import os
import shutil
from pathlib import Path

from airut.errors import EngineError, NoSpace

HOSTS = "127.0.0.1\tlocalhost {name}\n::1\tlocalhost\n"


def write_private(path: Path, data: bytes) -> None:
    """Raises: NoSpace, EngineError"""
    beside = path.with_name(path.name + ".new")
    try:
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        beside.rename(path)
    except OSError as error:
        kind = NoSpace if error.errno in {errno.ENOSPC, errno.EDQUOT} else EngineError
        raise kind(f"cannot write {path}: {error.strerror}") from error


def make_folder(path: Path) -> Path:
    """Raises: NoSpace, EngineError"""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"cannot make {path}: {error.strerror}") from error
    return path


def remove_folder(path: Path) -> None:
    """With everything in it; links are removed and never followed. Absent is fine."""
    shutil.rmtree(path, ignore_errors=True)

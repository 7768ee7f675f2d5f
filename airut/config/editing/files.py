"""Configuration files are replaced in one step: whoever reads one sees the old text or the new, and never a part."""

import contextlib
import os
import secrets
from pathlib import Path

from airut.errors import ConfigError

PRIVATE = 0o600


def read(path: Path) -> str | None:
    """A file's text; None where there is none.

    Raises:
        ConfigError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")  # `read_text` would change the ends of lines
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 (byte {error.start})") from None


def replace(path: Path, written: str, mode: int | None = None) -> None:
    """Write a file, with this mode, else the one that it has, else 0600. A link stays one; what it names is replaced.

    Raises:
        ConfigError: it cannot be written, and is as it was.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = target.stat() if target.exists() else None
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(written.encode("utf-8"))
            if before is not None:
                with contextlib.suppress(PermissionError):  # only root may give files away; others own what they write
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), mode or (before.st_mode & 0o777 if before else PRIVATE))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
        _sync(target.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Keys of an installation that are made once and kept in its state folder."""

import os
import secrets
from pathlib import Path

from airut.errors import ConfigError

SIZE = 32


def load_or_create_key(path: Path) -> bytes:
    """The 32 bytes in this file, made by the first call (0600). Two first calls at once agree on one key.

    Raises:
        ConfigError: the file holds something else.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(SIZE))
        file.flush()
        os.fsync(descriptor)
    try:
        os.link(partial, path)  # atomic, and fails when another call was first
    except FileExistsError:
        pass
    finally:
        partial.unlink()
    key = path.read_bytes()
    if len(key) != SIZE:
        raise ConfigError(
            f"{path} must hold {SIZE} bytes; restore it from a backup, for every surrogate follows from it"
        )
    return key

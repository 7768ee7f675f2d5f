"""Keys of an installation that are made once and kept in its state folder."""

import hashlib
import hmac
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
    key = made_once(path, secrets.token_bytes(SIZE))
    if len(key) != SIZE:
        raise ConfigError(
            f"{path} must hold {SIZE} bytes; restore it from a backup, for every surrogate follows from it"
        )
    return key


def fingerprint(key: bytes) -> bytes:
    """What all hosts of the installation share of its key; nothing of the key can be told from it."""
    return hmac.digest(key, b"airut: fingerprint of the surrogate key", hashlib.sha256).hex()[:32].encode() + b"\n"


def check_fingerprint(own: bytes, kept: bytes, key_file: Path, place: str) -> None:
    """Compare this host's fingerprint with the one that is kept at that place, which the first host wrote.

    Raises:
        ConfigError: the installation has another key; says what to do.
    """
    if kept != own:
        raise ConfigError(
            f"{key_file} is not this installation's key (surrogate.fingerprint beside {place} tells): a thread's "
            "credentials would look different on this host; copy the key of a host that has it, or remove that one "
            "where the key was changed on purpose"
        )


def made_once(path: Path, content: bytes) -> bytes:
    """What the file holds: this content, where no other call was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    try:
        os.link(partial, path)  # atomic, and fails when another call was first
    except FileExistsError:
        pass
    except PermissionError:  # a shared file system without links: two first calls at one moment are the lesser evil
        if not path.exists():
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path.read_bytes()

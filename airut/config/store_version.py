"""The version of what lies in `state_dir`: an older Airut does not touch what a newer one has written."""

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from airut.config.editing import files
from airut.errors import ConfigError

Step = Callable[[Path], None]
"""Changes a state folder from one version to the next; safe to run again when it was interrupted."""

STEPS: tuple[Step, ...] = ()
"""The first leads from version 1 to 2. There has only ever been version 1."""


def ensure(state: Path, steps: Sequence[Step] = STEPS) -> None:
    """Bring a state folder to this version, or give it one: it has none before its first start.

    Raises:
        ConfigError: a newer Airut has written it, or its version cannot be read or written.
    """
    current = len(steps) + 1
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _version(state) == current:
        return
    descriptor = os.open(state / "version.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # processes of one installation start at the same time
        found = _version(state) or current
        if found > current:
            raise ConfigError(
                f"state_dir {state} was written by a newer Airut (its version is {found}, this one knows {current}); "
                "update Airut, or restore the backup from before its update"
            )
        for number in range(found, current):
            steps[number - 1](state)
            files.replace(state / "version", f"{number + 1}\n")
        if found == current:
            files.replace(state / "version", f"{current}\n")
    finally:
        os.close(descriptor)


def _version(state: Path) -> int | None:
    written = files.read(state / "version")
    if written is None:
        return None
    if not written.strip().isdecimal() or int(written) < 1:
        raise ConfigError(f"{state / 'version'}: holds no version; write the number that the backup's copy has")
    return int(written)

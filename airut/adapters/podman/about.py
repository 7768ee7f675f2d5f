"""What Podman says of itself, asked as seldom as its configuration changes.

For each answer Podman asks the package manager about five of its parts. That takes a quarter of a second, which every
job of a CI system would feel.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from airut.adapters.podman.files import write_private
from airut.errors import EngineError, SandboxError
from airut.models.base import Model

FILES = ("containers.conf", "storage.conf", "seccomp.json")
FOLDERS = (Path("/usr/share/containers"), Path("/etc/containers"))
NAMED = ("CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE", "CONTAINERS_STORAGE_CONF")


class About(Model):
    """True of the configuration `of`: `store` is the folder that images lie in, `driver` what keeps them, `seccomp` the
    profile of system calls."""

    of: str
    store: Path
    driver: str
    seccomp: Path | None


def about(info: Any, of: str) -> About:
    """Of the answer to `/info`. Raises: EngineError where this is none"""
    try:
        store = info["store"]
        profile = info["host"].get("security", {}).get("seccompProfilePath")
        return About(of=of, store=store["graphRoot"], driver=store["graphDriverName"], seccomp=profile or None)
    except (LookupError, TypeError, AttributeError, ValidationError) as error:
        raise EngineError("the engine's answer to /info is none that Podman gives") from error


def remembered(file: Path, of: str) -> About | None:
    try:
        found = About.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.of == of else None


def remember(file: Path, found: About) -> None:
    """Where that cannot be, it is asked again next time."""
    with contextlib.suppress(SandboxError):
        write_private(file, found.model_dump_json().encode())


def configuration(socket: Path | None) -> str:
    """A digest of all that the answer depends on: Podman itself and its configuration (containers.conf(5),
    containers-storage.conf(5)), file by file as it was last written, and the socket where one is named."""
    homes = [os.environ.get(name) for name in ("HOME", "XDG_DATA_HOME")]
    stated = [(str(path), _stated(path)) for path in sorted(_files())]
    return hashlib.sha256(json.dumps([str(socket), homes, stated]).encode()).hexdigest()


def _files() -> Iterable[Path]:
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "containers"
    for folder in (*FOLDERS, home):
        yield from (folder / name for name in FILES)
        yield from (folder / "containers.conf.d").glob("*.conf")
    yield from (Path(named) for name in NAMED if (named := os.environ.get(name)))
    if podman := shutil.which("podman"):
        yield Path(podman)


def _stated(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size

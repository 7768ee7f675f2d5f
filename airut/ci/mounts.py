"""What a command may be given of this host besides its workspace, and where."""

import os
import stat
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BeforeValidator

from airut.errors import ConfigError
from airut.models.base import Model
from airut.models.hosts.sandbox import Mount

SYSTEM = tuple(
    PurePosixPath(f"/{name}")
    for name in (
        *("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "sys", "usr"),
        "var",
    )
)
"""Of the host, and of the image. Programs, settings, devices and sockets lie there."""
TEMPORARY = PurePosixPath("/var/tmp")  # noqa: S108  # a place that is refused
OURS = (PurePosixPath("/opt/airut"), PurePosixPath("/tmp"))  # noqa: S108  # likewise


class WrittenMount(Model):
    """`SRC:DST[:ro]`, taken apart."""

    source: str
    target: str
    writable: bool = True


def parsed(text: object) -> WrittenMount:
    """Raises: ValueError"""
    if not isinstance(text, str):
        raise ValueError("write SRC:DST or SRC:DST:ro")
    source, colon, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not (source and colon and target) or mode not in ("", "ro", "rw"):
        raise ValueError(f"{text!r} is not SRC:DST or SRC:DST:ro")
    for path in (source, target):
        if ".." in PurePosixPath(path).parts:
            raise ValueError(f"{path}: `..` is not allowed")
    _check_target(PurePosixPath(target))
    return WrittenMount(source=source, target=target, writable=mode != "ro")


def _repository(text: object) -> object:
    if isinstance(text, WrittenMount):
        return text
    mount = parsed(text)
    if PurePosixPath(mount.source).is_absolute():
        raise ValueError(f"{mount.source}: only folders of the repository; others are given by --mount")
    return mount


RepositoryMount = Annotated[WrittenMount, BeforeValidator(_repository)]


def in_repository(mount: WrittenMount, workspace: Path) -> Mount:
    """Raises: ConfigError: it leads elsewhere, or there is nothing to mount."""
    source = _existing(workspace / mount.source)
    if not source.is_relative_to(workspace.resolve()):
        raise ConfigError(f"mounts: {mount.source} is a link that leads out of the repository")
    _check_kind(source)
    return Mount(source=source, target=mount.target, writable=mount.writable)


def of_host(mount: WrittenMount) -> Mount:
    """What the command line gives. Raises: ConfigError"""
    source = _existing(Path(mount.source).absolute())
    place = PurePosixPath(source)
    if place == PurePosixPath("/") or (_below(place, SYSTEM) and not _below(place, (TEMPORARY,))):
        raise ConfigError(f"--mount {mount.source}: {source} is a place of the system; copy what is needed elsewhere")
    _check_kind(source)
    return Mount(source=source, target=mount.target, writable=mount.writable)


def _existing(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"{path} cannot be mounted: {getattr(error, 'strerror', None) or error}") from None


def _check_kind(source: Path) -> None:
    mode = os.lstat(source).st_mode
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise ConfigError(f"{source} cannot be mounted: only folders and regular files can, no sockets and devices")


def _check_target(target: PurePosixPath) -> None:
    if not target.is_absolute():
        raise ValueError(f"{target}: where it lies inside must be an absolute path")
    if target in (PurePosixPath("/"), PurePosixPath("/workspace")) or _below(target, (*SYSTEM, *OURS)):
        raise ValueError(f"{target} is a place of the sandbox's own; mount below /mnt, /opt, /srv or /workspace")


def _below(path: PurePosixPath, places: tuple[PurePosixPath, ...]) -> bool:
    return any(path.is_relative_to(place) for place in places)

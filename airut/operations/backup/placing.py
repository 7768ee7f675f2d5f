"""Puts an unpacked backup into its place. What was there is moved aside, and never removed."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from airut.operations.backup.items import Kind, files_of
from airut.operations.backup.manifest import SECRETS, Manifest
from airut.operations.backup.reading import target

ASIDE = "before-restore"
"""The folder below `state_dir` for what a restore found in its way."""


def in_the_way(manifest: Manifest, secrets: Mapping[str, bytes]) -> tuple[Path, ...]:
    """What is there already and would be replaced."""
    return tuple(path for path in _places(manifest, secrets) if _is_something(path))


def put(manifest: Manifest, folder: Path, secrets: Mapping[str, bytes], stamp: str) -> Path | None:
    """Everything to where it belongs; returns where that went which was there before.

    Raises:
        OSError: what was done until then shows in both places.
    """
    aside = Path(manifest.state).expanduser() / ASIDE / stamp
    for path in in_the_way(manifest, secrets):
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        _move(path, aside / path.name)
    for name in manifest.members:
        if name != SECRETS:
            path = target(manifest, name)
            _parents(path)
            _move(folder / name, path)
    for name, content in secrets.items():
        path = _beside(manifest, name)
        _parents(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return aside if aside.exists() else None


def _places(manifest: Manifest, secrets: Mapping[str, bytes]) -> Iterator[Path]:
    for place in manifest.items.values():
        path = place.expanded()
        match place.kind:
            case Kind.FILES:
                # What says where the log ends speaks of the one that is replaced, and is made anew.
                yield from (*files_of(path), path.with_suffix(".head"))
            case Kind.DATABASE:
                yield from (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")))
            case Kind.FILE | Kind.FOLDER:
                yield path
    yield from (_beside(manifest, name) for name in secrets)


def _beside(manifest: Manifest, name: str) -> Path:
    """`.env` and credentials lie beside the configuration."""
    return manifest.items["airut.yaml"].expanded().parent / name


def _is_something(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))


def _parents(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _move(source: Path, path: Path) -> None:
    """Also to another file system, and onto an empty folder."""
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()
    shutil.move(source, path)

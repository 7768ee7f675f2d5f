"""What a run leaves for others to read: `--summary`, `--junit` and `--annotations`."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from airut.ci.junit import junit
from airut.ci.result import RunResult
from airut.ci.summary import annotations, summary
from airut.errors import ConfigError

STANDARD_OUTPUT = "-"
KINDS: Mapping[str, Callable[[RunResult], str]] = {"summary": summary, "junit": junit, "annotations": annotations}


class Documents:
    """Where each kind goes: a file, `-` for standard output, or nowhere. The folders are held from the beginning, since
    the command may put a link in the place of one that lies in the workspace."""

    def __init__(self, **places: str | None) -> None:
        """Raises: ConfigError: there is no such folder, or something else than a file has that name."""
        self._printed = [kind for kind, place in places.items() if place == STANDARD_OUTPUT]
        self._files: list[tuple[str, Path, int]] = []
        for kind, place in places.items():
            if place is not None and place != STANDARD_OUTPUT:
                path = Path(place)
                try:
                    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
                except OSError as error:
                    raise ConfigError(f"--{kind}: {path}: {error.strerror}") from error
                if path.is_relative_to("/dev") or (path.exists() and not path.is_file()):
                    raise ConfigError(f"--{kind}: {path} is no file, and would be replaced; - is standard output")
                self._files.append((kind, path, folder))

    def write(self, result: RunResult) -> None:
        """Once. Raises: ConfigError: a file cannot be written."""
        for kind in self._printed:
            sys.stdout.write(KINDS[kind](result))
        for kind, path, folder in self._files:
            try:
                _replace(folder, path.name, KINDS[kind](result))
            except OSError as error:
                raise ConfigError(f"--{kind}: {path}: {error.strerror}") from error
            finally:
                os.close(folder)
        self._files = []


def _replace(folder: int, name: str, text: str) -> None:
    """Whole or not at all, and in the place of whatever has that name."""
    beside = f".{name}.{os.getpid()}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)

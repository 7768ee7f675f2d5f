"""Which configuration each process of this state folder runs by: a file for each, held until the process ends."""

import fcntl
import os
import platform
from pathlib import Path

from pydantic import ValidationError

from airut.config.generation import Generation
from airut.models.base import Model

_TRIES = 3
"""A reader may come in the middle of a writing, which takes microseconds."""


class ProcessReport(Model):
    """`name` is the role, with host and process: `control@build-1:4711`."""

    name: str
    generation: Generation


class GenerationReport:
    """This process's own."""

    def __init__(self, state: Path, role: str) -> None:
        folder = _folder(state)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._name = f"{role}@{platform.node() or 'host'}:{os.getpid()}"
        self._descriptor = os.open(folder / f"{self._name}.json", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def tell(self, generation: Generation) -> None:
        data = ProcessReport(name=self._name, generation=generation).model_dump_json().encode()
        os.pwrite(self._descriptor, data, 0)
        os.ftruncate(self._descriptor, len(data))

    def close(self) -> None:
        """What the end of the process does as well."""
        os.close(self._descriptor)


def reports(state: Path) -> tuple[ProcessReport, ...]:
    """Of the processes that live, by name; what dead ones have left is removed."""
    found = (_read(path) for path in sorted(_folder(state).glob("*.json")))
    return tuple(report for report in found if report is not None)


def _folder(state: Path) -> Path:
    return state / "generations"


def _read(path: Path) -> ProcessReport | None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
        return None
    except BlockingIOError:
        return _parsed(descriptor)
    finally:
        os.close(descriptor)


def _parsed(descriptor: int) -> ProcessReport | None:
    for _ in range(_TRIES):
        try:
            return ProcessReport.model_validate_json(os.pread(descriptor, 1024**2, 0))
        except ValidationError:
            continue
    return None

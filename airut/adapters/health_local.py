"""Health reports as files, beside the blobs: whoever shares those shares these."""

import os
import re
from pathlib import Path

from pydantic import ValidationError

from airut.ports.health import HealthReport

_ODD = re.compile(r"[^A-Za-z0-9._-]")


class LocalHealthBoard:
    """Implements `airut.ports.health.HealthBoard`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, report: HealthReport) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / f"{_ODD.sub('_', report.process)}.json"
        new = file.with_name(f".{file.name}.{os.getpid()}")
        new.write_text(report.model_dump_json())
        new.replace(file)  # whoever reads has the old one or the new one

    def reports(self) -> tuple[HealthReport, ...]:
        found = []
        for file in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            try:
                found.append(HealthReport.model_validate_json(file.read_bytes()))
            except (ValidationError, OSError):
                continue
        return tuple(found)

"""Paths as a configuration file gives them."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator


def _home(path: Path) -> Path:
    return path.expanduser()


FolderPath = Annotated[Path, AfterValidator(_home)]

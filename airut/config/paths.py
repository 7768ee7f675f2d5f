"""Paths as a configuration file gives them."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field


def _home(path: Path) -> Path:
    return path.expanduser()


_PART = re.compile(r"[\w.+@-]+(?: [\w.+@-]+)*")
"""Of a path in a repository: nothing that git could take for a pattern."""


def _within(path: str) -> str:
    parts = path.split("/")
    if not all(map(_PART.fullmatch, parts)) or any(part.lower() in (".", "..", ".git") for part in parts):
        raise ValueError("must be a folder within the repository, written like .airut/container")
    return path


FolderPath = Annotated[Path, AfterValidator(_home)]
RepositoryPath = Annotated[str, Field(max_length=200), AfterValidator(_within)]

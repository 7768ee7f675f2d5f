"""`audit` in `airut.yaml`: where what was done is recorded."""

from typing import Annotated

from pydantic import AfterValidator

from airut.config.paths import FolderPath
from airut.models.base import Model


def _with_suffix(path: FolderPath) -> FolderPath:
    if path.suffix != ".jsonl":
        raise ValueError("its name must end in .jsonl: the files beside it are named after it")
    return path


class AuditSettings(Model):
    """The audit log of this host."""

    path: Annotated[FolderPath, AfterValidator(_with_suffix)] | None = None
    """The file; None is `audit.jsonl` below `state_dir`. Full files and `.head` lie beside it. Two hosts never share
    one."""
    syslog: bool = False
    """Whether the hash of the newest entry goes to the system's log as well, once an hour, where whoever tampers with
    the file cannot change it."""

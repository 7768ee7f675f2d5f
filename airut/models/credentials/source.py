"""Where a secret is read from (spec: credentials §8), as `airut.yaml` says it."""

from typing import Annotated

from pydantic import Field

from airut.models.base import Model
from airut.models.values.durations import Seconds


class EnvironmentSource(Model):
    """`!env NAME`: the process's environment, else `.env` beside `airut.yaml`."""

    environment: str


class FileSource(Model):
    """`!file path`, or `!file {path: …, allow_group: true}`; a relative path is beside `airut.yaml`."""

    path: Annotated[str, Field(min_length=1)]
    allow_group: bool = False
    """Whether the file may be readable by its group as well."""


class SystemdSource(Model):
    """`{systemd: name}`: what systemd put into `$CREDENTIALS_DIRECTORY`."""

    systemd: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@:-]{1,255}$")]


class CommandSource(Model):
    """`{command: [program, argument]}`: what it prints. It is run without a shell, beside `airut.yaml`."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    ttl: Annotated[Seconds, Field(ge=1)] = 900.0
    """How long what it printed is used before it is asked again."""
    timeout: Annotated[Seconds, Field(gt=0, le=300)] = 10.0


Source = EnvironmentSource | FileSource | SystemdSource | CommandSource

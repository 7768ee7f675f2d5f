"""`.airut/sandbox.yaml`: what a repository says of the sandboxes of its own CI (spec: sandbox §7)."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from airut.ci.mounts import RepositoryMount
from airut.config.paths import RepositoryPath
from airut.config.variables import check_variables, without_unset
from airut.models.base import Model
from airut.models.credentials.kinds import AnyCredential
from airut.models.hosts.build import CONTAINER
from airut.models.values.durations import Seconds, as_it_is, or_none, parse_duration, parse_size

FILE = ".airut/sandbox.yaml"


class RunLimits(Model):
    """Of one command. What is not set is as on a server: no more than half of the host's memory, and all its cores."""

    memory: Annotated[Annotated[int, Field(ge=32 * 1024**2)] | None, or_none("unlimited", parse_size)] = 8 * 1024**3
    """Without swap."""
    cpus: Annotated[Annotated[float, Field(gt=0)] | None, or_none("unlimited", as_it_is)] = 4.0
    """Cores, or parts of one."""
    pids: Annotated[Annotated[int, Field(ge=16)] | None, or_none("unlimited", as_it_is)] = 1024
    """Processes and threads."""
    time: Annotated[Seconds, Field(ge=1, le=7 * 86400)] = 2 * 3600.0
    """Then the command is interrupted, and the exit code is 124."""
    idle: Annotated[Annotated[float, Field(ge=10)] | None, or_none("unlimited", parse_duration)] = None
    """Without using a processor; `unlimited` unless it is set, since a job has its own limit of time."""


class NetworkSwitch(Model):
    enabled: bool = True
    """Whether there is a fence. False needs `--allow-open-network` besides."""


class ContainerSettings(Model):
    path: RepositoryPath = CONTAINER
    """The folder in the repository that the image is built from; where there is none, the base image."""


class SandboxFile(Model):
    """The whole file. Every key may be left out."""

    env: dict[str, str] = {}
    """Variables of the command. No place for secrets."""
    pass_env: tuple[str, ...] = ()
    """Names of variables that it gets from outside, where they are set there."""
    credentials: Annotated[dict[str, AnyCredential], BeforeValidator(without_unset)] = {}
    """By the variable in which the command gets a stand-in; as in airut.yaml, with `!env` and `!file` as sources."""
    network: NetworkSwitch = NetworkSwitch()
    """Whether it is fenced."""
    limits: RunLimits = RunLimits()
    """Of one command."""
    container: ContainerSettings = ContainerSettings()
    """The image."""
    mounts: tuple[RepositoryMount, ...] = ()
    """Folders of the repository at another place as well: `SRC:DST`, or `SRC:DST:ro`."""

    @model_validator(mode="after")
    def _variables(self) -> Self:
        check_variables(self.env | dict.fromkeys(self.pass_env, ""), self.credentials)
        return self

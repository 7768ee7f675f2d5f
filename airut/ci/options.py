"""What the command line of `airut-sandbox run` says, read."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import StringConstraints

from airut.adapters.podman.settings import Enforce
from airut.ci.mounts import WrittenMount
from airut.errors import ConfigError
from airut.models.base import Model
from airut.models.credentials.lookalikes import better_kind

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""Of a sandbox: part of the names of its containers and its network."""


class Artifact(Model):
    """`source` is relative to the workspace; `target` is a path of this host that was made whole before the run."""

    source: str
    target: Path


class Options(Model):
    command: tuple[str, ...]
    workspace: Path
    config: Path | None = None
    policy_ref: str | None = None
    head: str | None = None
    """The commit whose changes of the policy are noted, instead of the working tree's."""
    allowlist: Path | None = None
    container: Path | None = None
    dockerfile: Path | None = None
    env: dict[str, str] = {}
    pass_env: tuple[str, ...] = ()
    allow_plain_secret: bool = False
    no_credentials: bool = False
    allow_open_network: bool = False
    extra_ca: tuple[Path, ...] = ()
    """Authorities that the fence trusts besides the public ones, for hosts of a company's own."""
    mounts: tuple[WrittenMount, ...] = ()
    workdir: str = "/workspace"
    read_only: bool = False
    limits: dict[str, object] = {}
    """Those of the command line, by their names in the file, as they were written."""
    max_image_age: float | None = None
    no_build: bool = False
    offline: bool = False
    stdin: bool = False
    terminal: bool = False
    artifacts: tuple[Artifact, ...] = ()
    keep: bool = False
    name: Name | None = None
    enforce: Enforce = Enforce.STRICT


def variables(
    options: Options, file_env: Mapping[str, str], file_pass: Iterable[str], outside: Mapping[str, str]
) -> dict[str, str]:
    """The plain variables of the command: the file's `env`, then `pass_env`, then `--env`; the later ones win.

    Raises:
        ConfigError: one looks like a credential.
    """
    passed = {name: outside[name] for name in (*file_pass, *options.pass_env) if name in outside}
    found = {**file_env, **passed, **options.env}
    for name, value in found.items():
        kind = better_kind(name, value)
        if kind is not None and not options.allow_plain_secret:
            raise ConfigError(
                f"{name} looks like a credential, and the command would hold it; give it under `credentials` of"
                f" .airut/sandbox.yaml (kind: {kind}), or say --allow-plain-secret"
            )
    return found


def assignment(text: str) -> tuple[str, str]:
    """`K=V`. Raises: ValueError"""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    return name, value


def workdir(text: str) -> str:
    """Where the command begins, relative to the workspace unless it is absolute. Raises: ValueError"""
    path = PurePosixPath("/workspace") / text
    if ".." in path.parts:
        raise ValueError(f"{text}: `..` is not allowed")
    return str(path)


def artifact(text: str, workspace: Path, current: Path) -> Artifact:
    """`SRC:DST`. Raises: ValueError"""
    source, colon, target = text.partition(":")
    if not (source and colon and target):
        raise ValueError(f"{text!r} is not SRC:DST")
    inside = PurePosixPath("/workspace") / source
    if ".." in inside.parts or not inside.is_relative_to("/workspace"):
        raise ValueError(f"{source}: artifacts are copied from the workspace, the one place that outlives the command")
    place = (current / target).resolve()
    if place.is_relative_to(workspace.resolve()):
        raise ValueError(f"{target}: copy out of the workspace; in there the command could put a link in its place")
    return Artifact(source=str(inside.relative_to("/workspace")), target=place)

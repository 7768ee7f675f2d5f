"""`airut migrate`: the configuration as this version writes it."""

import difflib
from pathlib import Path
from typing import Annotated

import typer

from airut.config.editing import files
from airut.config.editing.document import Document
from airut.config.migrations import HISTORY, History, backup_path
from airut.errors import ConfigError


def migrate(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where something is to be done.")
    ] = False,
) -> None:
    """Bring the configuration to this version; the file as it was is kept beside it."""
    written_anew(context.obj.path, HISTORY, check=check)


def written_anew(path: Path, history: History, *, check: bool) -> None:
    written = files.read(path)
    if written is None:
        raise ConfigError(f"{path}: No such file or directory")
    before = Document(written, str(path))
    version, after = history.version_of(before), history.migrated(before)
    if version is None:
        raise ConfigError(f"{path}:1:1: config_version: is required; add the line `config_version: {history.current}`")
    if after.text == before.text:
        typer.echo(f"{path}: is of version {version}, which is this one's; nothing to do")
        return
    for line in difflib.unified_diff(
        before.text.splitlines(), after.text.splitlines(), str(path), f"{path} (version {history.current})", lineterm=""
    ):
        typer.echo(line)
    if check:
        typer.echo(f"{path}: is of version {version}; `airut migrate` makes it {history.current}")
        raise typer.Exit(1)
    backup = backup_path(path, version)
    files.replace(backup, written)
    files.replace(path, after.text)
    typer.echo(f"{path}: is of version {history.current} now; as it was, it lies in {backup}")

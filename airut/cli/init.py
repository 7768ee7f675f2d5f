"""`airut init`: files to begin with. Asks nothing, and replaces nothing."""

from pathlib import Path
from typing import Annotated

import typer

from airut.cli.context import refused
from airut.config.editing import files
from airut.config.repository_files import FILES
from airut.config.skeleton import DOTENV, skeleton
from airut.errors import ConfigError

READABLE = 0o644
"""Files of a repository are no secret."""


def init(
    context: typer.Context,
    repo: Annotated[bool, typer.Option("--repo", help="Write .airut/ into the checkout that this is.")] = False,
) -> None:
    """Write a configuration with every key in it, or the files of a repository."""
    if repo:
        _repository(_checkout(Path.cwd()))
    else:
        _configuration(context.obj.place)


def _configuration(path: Path) -> None:
    if path.exists():
        raise refused(f"{path} is there already, and stays as it is; `airut check` says whether it is right")
    files.replace(path, skeleton())
    typer.echo(f"{path}: written; name a repository under repos, then run `airut check`")
    dotenv = path.with_name(".env")
    if not dotenv.exists():
        files.replace(dotenv, DOTENV, files.PRIVATE)
        typer.echo(f"{dotenv}: written; secrets go in there")


def _repository(root: Path) -> None:
    missing = {name: text for name, text in FILES.items() if not (root / name).exists()}
    if not missing:
        raise refused(f"{', '.join(FILES)} are there already in {root}, and stay as they are")
    for name in FILES:
        if name in missing:
            files.replace(root / name, missing[name], READABLE)
        typer.echo(f"{name}: {'written' if name in missing else 'is there already, and stays as it is'}")
    typer.echo("They count once they are on the default branch; `airut policy check` checks the allowlist.")


def _checkout(here: Path) -> Path:
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            return folder
    raise ConfigError(f"{here} lies in no git checkout; run `airut init --repo` in the repository's own")

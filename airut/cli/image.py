"""`airut image`: what a sandbox host needs before its first task. Each command says in one line what it did, and does
nothing when nothing is to do."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from airut.adapters.claude_code.binary import VERSION
from airut.adapters.podman.base_image import SUITE, make_base_image
from airut.adapters.podman.engine import Engine
from airut.cli.adapters import claude_binaries, engine, proxy_image
from airut.errors import AirutError, ImageBuildFailed

type Make = Callable[[Engine], Awaitable[str]]

app = typer.Typer(help="Make what sandboxes are started from.", no_args_is_help=True)


@app.command()
def base(
    suite: Annotated[str, typer.Option(help="Debian release.")] = SUITE,
    mirror: Annotated[str | None, typer.Option(help="Debian archive; default: this host's own.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Make it anew, with today's packages.")] = False,
) -> None:
    """Make the base image from Debian's packages: no registry is needed."""

    async def make(podman: Engine) -> str:
        return await make_base_image(podman, suite, mirror, again=again)

    _run(_with_engine(make))


@app.command(name="all")
def everything() -> None:
    """Make whatever of these is missing."""
    if not made():
        raise typer.Exit(1)


def made() -> bool:
    """The same, each with a line of its own; whether all of it is there now."""
    works = (_with_engine(make_base_image), _with_engine(_proxy), _claude(VERSION))
    each = [_is_made(work) for work in works]  # whatever comes of the others
    return all(each)


@app.command()
def proxy() -> None:
    """Make the image of the proxy that fences each sandbox."""
    _run(_with_engine(_proxy))


async def _proxy(podman: Engine) -> str:
    return f"proxy image {await proxy_image(podman).ensure()} is there"


@app.command()
def claude(
    version: Annotated[str, typer.Option(help="Version of Claude Code.")] = VERSION,
    file: Annotated[Path | None, typer.Option("--from", help="Take this file instead of fetching it.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Checksum that the file must have.")] = None,
) -> None:
    """Fetch the Claude Code binary, which sandboxes mount."""
    if (file is None) != (sha256 is None):
        raise typer.BadParameter("--from and --sha256 go together")
    _run(_claude(version, file, sha256))


async def _claude(version: str, file: Path | None = None, sha256: str | None = None) -> str:
    binaries = claude_binaries()
    if file is not None and sha256 is not None:
        path = await asyncio.to_thread(binaries.install, file, sha256, version)
    else:
        path = await binaries.ensure(version)
    return f"Claude Code {version} is at {path}"


async def _with_engine(make: Make) -> str:
    podman = engine()
    try:
        return await make(podman)
    finally:
        await podman.close()


def _run(work: Coroutine[Any, Any, str]) -> None:
    if not _is_made(work):
        raise typer.Exit(1)


def _is_made(work: Coroutine[Any, Any, str]) -> bool:
    try:
        typer.echo(asyncio.run(work))
    except AirutError as error:
        if isinstance(error, ImageBuildFailed) and error.log_tail:
            typer.echo(error.log_tail, err=True)
        typer.echo(f"airut image: {error}", err=True)
        return False
    return True

"""`airut demo`: the main job on embedded defaults, without any account."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from airut.cli.context import EXIT_USAGE


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up until ctrl-C.")] = False,
) -> None:
    """Send a mail to a robot of your own and watch it become a pull request and a reply."""
    from airut.demo.play import Play, needs_lab  # half a second, which no other command should pay for

    if needs_lab(os.environ):
        typer.echo(
            "set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN; without one, `make demo` has a stand-in", err=True
        )
        raise typer.Exit(EXIT_USAGE)
    with tempfile.TemporaryDirectory(prefix="airut-demo-", ignore_cleanup_errors=True) as folder:
        play = Play(Path(folder), os.environ, keep, Console(width=min(Console().width, 120)))
        try:
            done = asyncio.run(play.run())
        except TimeoutError as error:
            typer.echo(f"airut demo: {error}", err=True)
            done = False
        if not done:
            raise typer.Exit(1)

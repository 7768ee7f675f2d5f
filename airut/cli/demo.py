"""`airut demo`: the main job on embedded defaults, without any account."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up until ctrl-C.")] = False,
) -> None:
    """Send a mail to a robot of your own and watch it become a pull request and a reply."""
    from airut.demo.play import Play  # half a second, which no other command should pay for

    with tempfile.TemporaryDirectory(prefix="airut-demo-", ignore_cleanup_errors=True) as folder:
        play = Play(Path(folder), os.environ, keep, Console(width=min(Console().width, 120)))
        if not asyncio.run(play.run()):
            raise typer.Exit(1)

"""`airut-sandbox sweep`: by hand what every run does at its start."""

import asyncio
from typing import Annotated

import typer

from airut.ci.place import Place
from airut.ci.sweep import sweep


def run(kept: Annotated[bool, typer.Option("--kept", help="Also what --keep left to be looked at.")] = False) -> None:
    """Remove what dead runs of this user left behind."""
    for sandbox_id in asyncio.run(_swept(kept=kept)):
        typer.echo(f"removed {sandbox_id}")


async def _swept(*, kept: bool) -> tuple[str, ...]:
    place = Place()
    try:
        return await sweep(place, place.sandboxes(""), kept=kept)
    finally:
        await place.close()

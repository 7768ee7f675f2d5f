"""`airut replay`: would this version break what runs?"""

from typing import Annotated

import typer

from airut.cli.context import become
from airut.cli.thread_commands import AsJson


def replay_recent(
    context: typer.Context,
    recent: Annotated[int, typer.Option(min=1, help="How many: open ones first, then those that closed last.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Run the newest histories through the workflow code of this version: exit 1 if any differs, with the events."""
    become("workers.replay", context.obj, "--recent", str(recent), *(["--json"] if as_json else []))

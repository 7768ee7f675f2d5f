"""`airut slack manifest`: what to paste where Slack makes an app."""

import json
from typing import Annotated

import typer

from airut.adapters.slack.manifest import manifest

app = typer.Typer(no_args_is_help=True, help="The Slack channel.")


@app.callback()
def slack() -> None:
    """The Slack channel."""


@app.command("manifest")
def print_manifest(name: Annotated[str, typer.Option(help="What the app is called in Slack.")] = "Airut") -> None:
    """Print the app manifest: on https://api.slack.com/apps, *Create New App*, *From a manifest*."""
    typer.echo(json.dumps(manifest(name), indent=2))

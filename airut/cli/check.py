"""`airut check`: whether this machine and this configuration will work."""

from typing import Annotated

import typer

from airut.cli.context import Settings, become_anyhow


def check(
    context: typer.Context,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended without root, and look again.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of airut.yaml instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Look at everything that has to be right, each with what to do where it is not; exit 1 if something will fail."""
    settings: Settings = context.obj
    if schema:
        from airut.config.reference import schema_text  # it loads all that a configuration can be

        typer.echo(schema_text(), nl=False)
        return
    options = [*(["--fix"] if fix else []), *(["--json"] if as_json else [])]
    become_anyhow("workers.check", settings, *options)

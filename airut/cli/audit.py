"""`airut audit verify|show`: the record of what was done on this host, and whether it is whole."""

import itertools
import json
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer

from airut.adapters.audit import newest, told, verified
from airut.adapters.audit.chain import Head
from airut.cli.context import EXIT_USAGE, Settings
from airut.cli.terminal import clean
from airut.models.telemetry.audit import AuditEntry

app = typer.Typer(no_args_is_help=True, help="The audit log of this host.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command()
def verify(
    context: typer.Context,
    head: Annotated[
        str | None, typer.Option(metavar="N:HASH", help="An `audit head` from the log, which must be in there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether every entry is as it was written; else the number of the first that is not, and exit with 1."""
    path = _path(context)
    verdict = verified(path, _head(head) if head else None)
    if as_json:
        typer.echo(json.dumps({"version": 1, "file": str(path), **verdict.model_dump()}, indent=2))
    else:
        typer.echo(told(verdict, path).words)
    if verdict.broken is not None:
        raise typer.Exit(1)


@app.command()
def show(
    context: typer.Context,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many, from the newest one backwards.")] = 50,
    action: Annotated[str | None, typer.Option(help="Only this action, or those below it: `task`.")] = None,
    of: Annotated[
        str | None, typer.Option(help="Only what was done to this thread, task or file, by its beginning.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this person or part has done.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries, oldest first."""

    def wanted(entry: AuditEntry) -> bool:
        right_action = action is None or entry.action == action or entry.action.startswith(f"{action}.")
        right_object = of is None or entry.object.startswith(of)
        return right_action and right_object and (actor is None or entry.actor == actor)

    found = list(itertools.islice(filter(wanted, newest(_path(context))), count))[::-1]
    if as_json:
        document = {"version": 1, "entries": [entry.model_dump(mode="json") for entry in found]}
        typer.echo(json.dumps(document, indent=2))
        return
    for entry in found:
        typer.echo(clean(spoken(entry)))
    if not found:
        typer.echo("no such entry", err=True)


def spoken(entry: AuditEntry) -> str:
    """One line for people."""
    at = entry.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    detail = "  ".join(
        f"{name}={' '.join(value) if isinstance(value, tuple) else value}" for name, value in entry.detail.items()
    )
    return f"{entry.seq:>6}  {at}  {entry.action}  {entry.object}  by {entry.actor}  {detail}".rstrip()


def _path(context: typer.Context) -> Path:
    settings: Settings = context.obj
    return settings.config.audit_file


def _head(text: str) -> Head:
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        typer.echo(f"{text!r} is no head; the log has them as `audit head N:HASH`", err=True)
        raise typer.Exit(EXIT_USAGE)
    return Head(seq=int(number), hash=digest)

"""`airut up`, and each of its processes alone: this one becomes it."""

from pathlib import Path
from typing import Annotated

import typer

from airut.cli.context import become, become_at

worker = typer.Typer(no_args_is_help=True, help="Run one worker against a Temporal server.")


def up(context: typer.Context) -> None:
    """Start everything: embedded Temporal, workers, intake, dashboard. Ctrl-C stops all in order. Without a
    configuration, the dashboard asks for one first."""
    path: Path = context.obj.wanted
    become_at("workers.supervisor" if path.exists() else "workers.first_run", path)


def intake(context: typer.Context) -> None:
    """Run the intake alone."""
    become("workers.intake", context.obj)


@worker.command("control")
def worker_control(context: typer.Context) -> None:
    """Workflows and replies."""
    become("workers.control", context.obj)


@worker.command("host")
def worker_host(
    context: typer.Context,
    host_id: Annotated[str | None, typer.Option(help="Its name; else sandbox.host_id, or the machine's.")] = None,
    drain: Annotated[bool, typer.Option("--drain", help="Take no new threads, until `airut drain --undo`.")] = False,
) -> None:
    """Sandboxes on this machine."""
    options = ["--host-id", host_id] if host_id else []
    become("workers.sandbox_host", context.obj, *options, *(["--drain"] if drain else []))

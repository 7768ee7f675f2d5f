"""`airut schedule list|run|pause|resume|backfill`."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from temporalio.client import Client
from temporalio.service import RPCError

from airut.cli.context import EXIT_REFUSED, EXIT_USAGE, Settings, not_found
from airut.models.schedules.firing import ScheduledTask
from airut.temporal import schedule_view
from airut.temporal.connection import is_missing
from airut.temporal.schedules import configured_tasks

app = typer.Typer(no_args_is_help=True, help="Scheduled tasks.")

Name = Annotated[str, typer.Argument(help="Its id (repo/schedule/name), its name, or the beginning of either.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command("list")
def list_schedules(context: typer.Context, as_json: AsJson = False) -> None:
    """List schedules: next times in their own zone, last outcome, paused, missed."""

    async def find() -> list[schedule_view.ScheduleRow]:
        tasks = configured_tasks(context.obj.config, datetime.now(UTC))
        return await schedule_view.schedule_rows(await context.obj.client(), tasks) if tasks else []

    found = asyncio.run(find())
    if as_json:
        rows = [row.model_dump(mode="json") for row in found]
        typer.echo(json.dumps({"version": 1, "schedules": rows}, indent=2))
        return
    table = Table(Column("schedule", overflow="fold"), "when", "next", "last", "outcome", "missed", "state")
    for row in found:
        table.add_row(
            row.schedule,
            f"{row.when}\n{row.zone}",
            "\n".join(f"{time:%a %Y-%m-%d %H:%M %Z}" for time in row.next),
            f"{row.last_at:%Y-%m-%d %H:%M}" if row.last_at else "",
            row.last_outcome,
            str(row.missed or ""),
            Text(_state(row)),
        )
    Console().print(table if found else "no schedules; write some under repos.NAME.schedules in airut.yaml")


def _state(row: schedule_view.ScheduleRow) -> str:
    if not row.on_server:
        return "not taken over yet: is the control worker running?"
    if row.paused:
        return f"paused: {row.note}" if row.note else "paused"
    return f"{row.running} running" if row.running else ""


def run(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Fire a schedule now, also a paused one."""
    _act(context.obj, name, schedule_view.run_now, "started", as_json)


app.command("run")(run)
app.command("run-now", hidden=True)(run)


@app.command()
def pause(
    context: typer.Context,
    name: Name,
    note: Annotated[str, typer.Option(help="Why; shown in the list.")] = "by hand",
    as_json: AsJson = False,
) -> None:
    """Pause a schedule. It stays paused through every restart and change, until it is resumed."""
    _act(context.obj, name, lambda client, task: schedule_view.pause(client, task, note), "paused", as_json)


@app.command()
def resume(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a paused schedule go on."""
    _act(context.obj, name, schedule_view.resume, "active", as_json)


@app.command()
def backfill(
    context: typer.Context,
    name: Name,
    start: Annotated[datetime, typer.Option("--from", help="First moment, in the schedule's zone.")],
    end: Annotated[datetime, typer.Option("--to", help="Last moment, in the schedule's zone.")],
    as_json: AsJson = False,
) -> None:
    """Fire for every time between two moments, one after the other."""
    if end < start:
        typer.echo("--to is before --from", err=True)
        raise typer.Exit(EXIT_USAGE)

    async def fill(client: Client, task: ScheduledTask) -> None:
        zone = ZoneInfo(task.zone)
        await schedule_view.backfill(client, task, start.replace(tzinfo=zone), end.replace(tzinfo=zone))

    _act(context.obj, name, fill, "backfilling", as_json)


def _act(
    settings: Settings,
    name: str,
    action: Callable[[Client, ScheduledTask], Awaitable[None]],
    done: str,
    as_json: bool,
) -> None:
    """Do one thing to one schedule, and print the state reached."""
    task = one_task(configured_tasks(settings.config, datetime.now(UTC)), name)

    async def act() -> None:
        await action(await settings.client(), task)

    try:
        asyncio.run(act())
    except schedule_view.ScheduleRefused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_REFUSED) from error
    except RPCError as error:
        if is_missing(error):
            raise not_found(f"{task.id} is not on the server yet; the control worker takes it over") from error
        raise
    typer.echo(json.dumps({"version": 1, "schedule": task.id, "state": done}) if as_json else f"{task.id}: {done}")


def one_task(tasks: tuple[ScheduledTask, ...], prefix: str) -> ScheduledTask:
    """The one schedule that is meant.

    Raises:
        typer.Exit: none (5) or several (2), with the candidates.
    """
    exact = [task for task in tasks if prefix in {task.id, task.name}]
    found = exact or [task for task in tasks if task.id.startswith(prefix) or task.name.startswith(prefix)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise not_found(f"no schedule {prefix}; `airut schedule list` shows what there is")
    typer.echo(f"{prefix} is ambiguous: " + ", ".join(task.id for task in found), err=True)
    raise typer.Exit(EXIT_USAGE)

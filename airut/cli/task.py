"""`airut task list|retry|replay|logs`."""

import asyncio
import contextlib
import getpass
import json
import uuid
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from airut import contracts
from airut.cli import task_logs
from airut.cli.answer import ask
from airut.cli.context import Settings, Unreachable, become
from airut.cli.tasks import find_task, find_workflow
from airut.cli.terminal import clean
from airut.cli.thread_commands import AsJson, ThreadId
from airut.cli.threads import thread_id, thread_status
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import RetryStep
from airut.models.threads.records import TaskRecord
from airut.ports.task_records import TaskRow
from airut.temporal.recorded import recorded_task
from airut.temporal.task_records import tasks_of

app = typer.Typer(no_args_is_help=True, help="Tasks: one prompt, one agent run, one reply.")
app.command("logs")(task_logs.logs)

TaskId = Annotated[
    str, typer.Argument(metavar="ID", help="A task's id, or its thread's (or the beginning of it): then the last one.")
]


@app.command("list")
def list_tasks(context: typer.Context, thread: ThreadId, as_json: AsJson = False) -> None:
    """List a thread's tasks, oldest first."""
    asyncio.run(_list(context.obj, thread, as_json))


async def _list(settings: Settings, prefix: str, as_json: bool) -> None:
    client = await settings.client()
    thread = await thread_id(client, prefix)
    rows = await tasks_of(client, thread)
    records: dict[int, TaskRecord] = {}
    bounced: dict[int, list[str]] = {}
    with contextlib.suppress(Unreachable):  # outcomes are the thread's to tell; the list itself is Temporal's
        status = await thread_status(client, thread)
        records = {record.number: record for record in status.recent}
        for bounce in status.bounces:
            bounced.setdefault(bounce.task, []).append(bounce.words)
    if as_json:
        tasks = [_row(thread, row, records.get(row.number), bounced.get(row.number)) for row in rows]
        typer.echo(json.dumps({"version": 1, "thread": thread, "tasks": tasks}, indent=2))
        return
    table = Table(Column("task", overflow="fold"), "state", "outcome", "cost", "began", "took")
    for row in rows:
        record = records.get(row.number)
        table.add_row(
            f"{thread}/task-{row.number}",
            row.state,
            Text(clean("\n".join([str(record.outcome) if record else "", *bounced.get(row.number, ())]).strip())),
            f"${record.cost_usd:.2f}" if record and record.cost_usd else "",
            f"{row.started_at:%Y-%m-%d %H:%M}",
            str(row.ended_at - row.started_at).partition(".")[0] if row.ended_at else "",
        )
    Console().print(table if rows else f"{thread} has no task yet")


def _row(thread: str, row: TaskRow, record: TaskRecord | None, bounced: list[str] | None) -> dict[str, object]:
    outcome: dict[str, object] = {"outcome": record.outcome, "cost_usd": record.cost_usd} if record else {}
    if bounced:
        outcome["bounced"] = bounced
    return {"task": f"{thread}/task-{row.number}", **row.model_dump(mode="json"), **outcome}


@app.command()
def retry(
    context: typer.Context,
    task: TaskId,
    step: Annotated[RetryStep, typer.Option("--from", help="Where to begin; what was before is kept.")] = (
        RetryStep.PREPARE
    ),
    as_json: AsJson = False,
) -> None:
    """Do a task again from its recorded input; prints the new task's id."""
    new = asyncio.run(_retry(context.obj, task, step))
    typer.echo(json.dumps({"version": 1, "task": new}) if as_json else new)


async def _retry(settings: Settings, given: str, step: RetryStep) -> str:
    client = await settings.client()
    task = await find_task(client, given)
    order = RetryOrder(
        key=uuid.uuid4().hex,
        author=getpass.getuser(),
        step=step,
        task=task.number,
        before=await recorded_task(client, task.id),
    )
    return await ask(settings, client, task.thread, contracts.RETRY, order)


@app.command()
def replay(
    context: typer.Context,
    task: Annotated[str, typer.Argument(metavar="ID", help="A task's id, or a thread's (or the beginning of it).")],
    history: Annotated[Path | None, typer.Option(help="A history file instead of what Temporal has.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a recorded history through the workflow code of this version: exit 1 and the event where it differs."""
    settings: Settings = context.obj
    flags = ["--json"] if as_json else []
    if history is not None:
        become("workers.replay", settings, "--workflow", task, "--history", str(history), *flags)

    async def find() -> str:
        return await find_workflow(await settings.client(), task)

    become("workers.replay", settings, "--workflow", asyncio.run(find()), *flags)

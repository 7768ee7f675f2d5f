"""`airut thread list|show`."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markdown import Markdown
from rich.table import Column, Table
from rich.text import Text
from temporalio.client import Client

from airut.cli import answer, thread_commands, thread_files
from airut.cli.context import Settings, Unreachable
from airut.cli.terminal import clean
from airut.cli.thread_files import listed
from airut.cli.threads import Row, rows, task_status, thread_id, thread_status
from airut.errors import BlobError, CensusUnavailable
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.temporal.run_progress import TemporalRunProgress

app = typer.Typer(no_args_is_help=True, help="Conversation threads.")

REFRESH = 0.5
"""Seconds between two looks at a running task."""


@app.command("list")
def list_threads(
    context: typer.Context,
    repo: Annotated[str | None, typer.Option(help="Only this repository.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List threads, newest first."""

    async def find() -> list[Row]:
        return [row async for row in rows(await context.obj.client(), repo, limit)]

    found = asyncio.run(find())
    if as_json:
        typer.echo(json.dumps({"version": 1, "threads": [row.model_dump(mode="json") for row in found]}, indent=2))
        return
    # Ids and addresses are there to be copied: they are folded where the terminal is narrow, never cut.
    thread, request = Column("thread", overflow="fold"), Column("pull request", overflow="fold")
    table = Table(thread, "author", "state", "outcome", "cost", request, "since")
    for row in found:
        table.add_row(
            row.thread,
            Text(row.author),
            row.state,
            row.outcome,
            f"${row.cost_usd:.2f}" if row.cost_usd else "",
            row.pull_request,
            f"{row.started_at:%Y-%m-%d %H:%M}",
        )
    Console().print(table if found else "no threads yet; `airut send --repo NAME TEXT` starts one")


@app.command()
def show(
    context: typer.Context,
    thread: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Watch until the thread is idle.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show a thread: state, queue, tasks, costs, pull request, last reply."""
    asyncio.run(_show(context.obj, thread, follow, as_json))


async def _show(settings: Settings, prefix: str, follow: bool, as_json: bool) -> None:
    client = await settings.client()
    thread = await thread_id(client, prefix)
    if follow:
        await watch(client, thread)
    status = await thread_status(client, thread)
    if as_json:
        typer.echo(json.dumps({"version": 1, **status.model_dump(mode="json")}, indent=2))
        return
    console = Console()
    console.print(await _picture(client, status))
    if status.last_reply:
        console.rule(f"last reply, {status.last_reply.delivered_at:%Y-%m-%d %H:%M} UTC")
        try:
            text = (await settings.blobs.get(status.last_reply.markdown)).decode(errors="replace")
        except BlobError:
            text = "(not kept any more)"
        console.print(Markdown(clean(text)))
        for note in status.last_reply.notes:
            console.print(f"note: {clean(note)}", highlight=False, markup=False)
        for line in listed(status):
            console.print(f"file: {line}", highlight=False, markup=False)
    for told in status.news:
        console.rule(f"pull request, {told.at:%Y-%m-%d %H:%M} UTC")
        console.print(Markdown(clean(told.text)))


async def watch(client: Client, thread: str) -> ThreadStatus:
    """Show the thread live until it has nothing to do or waits for a person: paused, ended, with a question."""
    with Live(refresh_per_second=4, transient=True) as live:
        while True:
            status = await thread_status(client, thread)
            over = status.phase is ThreadPhase.IDLE and not status.queue and status.tasks
            if over or status.phase in (ThreadPhase.PAUSED, ThreadPhase.ENDED) or status.question is not None:
                return status
            live.update(await _picture(client, status))
            await asyncio.sleep(REFRESH)


async def _picture(client: Client, status: ThreadStatus) -> Group:
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("thread", status.thread),
        ("subject", status.subject),
        ("state", f"{status.phase} since {status.since:%Y-%m-%d %H:%M:%S} UTC"),
        ("host", status.host or "not placed yet"),
        ("branch", status.branch or ""),
        ("pull request", status.pull_request.url if status.pull_request else ""),
        ("cost", f"${status.usage.cost_usd:.2f} in {status.usage.turns} turns"),
        ("now", await _now(client, status)),
        ("question", status.question.items[0].text if status.question else ""),
        ("next", _next(status)),
    ):
        if value:
            facts.add_row(Text(name, style="dim"), Text(clean(value)))
    parts: list[Table] = [facts]
    if status.queue:
        waiting = Table("waiting", "author", "text")
        for message in status.queue:
            waiting.add_row(f"{message.sent_at:%H:%M:%S}", Text(message.author), Text(clean(message.first_line)))
        parts.append(waiting)
    if status.recent:
        closed = Table("task", "outcome", "ended", "cost")
        for task in status.recent:
            closed.add_row(str(task.number), str(task.outcome), f"{task.ended_at:%H:%M:%S}", f"${task.cost_usd:.2f}")
        parts.append(closed)
    if status.bounces:
        bounced = Table("task", "not delivered")
        for bounce in status.bounces:
            bounced.add_row(str(bounce.task), Text(clean(bounce.words)))
        parts.append(bounced)
    return Group(*parts)


def _next(status: ThreadStatus) -> str:
    """The command that makes the thread go on, where it waits for one."""
    match status.next_command:
        case "":
            return ""
        case "retry":
            return f"airut task retry {status.thread}"
        case command:
            return f"airut thread {command} {status.thread}"


async def _now(client: Client, status: ThreadStatus) -> str:
    """The open task's step, and what the agent does right now."""
    if status.task is None:
        return ""
    task = await task_status(client, status.task)
    if task is None:
        return "starting"
    try:
        run = await TemporalRunProgress(client).of(status.task)
    except CensusUnavailable as error:
        raise Unreachable(str(error)) from error
    return " · ".join(part for part in (str(task.step), task.detail, run.step if run else "") if part)


thread_commands.add_to(app)
app.command("answer")(answer.answer)
app.command("files")(thread_files.files)

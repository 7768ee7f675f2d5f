"""`airut host list`, `airut drain`, `airut down`: sandbox hosts, and the end of `airut up`."""

import asyncio
import json
import os
import platform
import signal
import time
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from airut.cli.context import EXIT_UNREACHABLE, Settings, not_found
from airut.cli.pausing import pause_all
from airut.config.running import running
from airut.models.base import Model
from airut.temporal.connection import is_missing
from airut.temporal.hosts import hosts, last_poll, open_tasks, release_idle, set_drained

app = typer.Typer(no_args_is_help=True, help="Sandbox hosts.")

LOOK = 1.0
"""Seconds between two looks at what is waited for."""

POLLS = timedelta(seconds=75)
"""A worker asks for work again at least every minute; whose last time was longer ago is away."""


class HostRow(Model):
    """A sandbox host as a list shows it."""

    host: str
    state: str
    up: bool
    last_poll_s: float | None
    tasks: tuple[str, ...]


@app.command("list")
def list_hosts(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """Every sandbox host that was ever seen: whether it takes new threads, is there, and what it works on."""
    found = asyncio.run(_rows(context.obj))
    if as_json:
        typer.echo(json.dumps({"version": 1, "hosts": [row.model_dump(mode="json") for row in found]}, indent=2))
        return
    table = Table("host", "state", "worker", "open tasks")
    for row in found:
        seen = "" if row.last_poll_s is None else f", last seen {row.last_poll_s:.0f} s ago"
        table.add_row(row.host, row.state, "up" if row.up else f"away{seen}", str(len(row.tasks)))
    Console().print(table if found else "no sandbox host yet; `airut up` or `airut worker host` starts one")


async def _rows(settings: Settings) -> list[HostRow]:
    client = await settings.client()
    tasks = await open_tasks(client)
    rows = []
    async for host, state in hosts(client):
        poll = await last_poll(client, host)
        rows.append(
            HostRow(
                host=host,
                state=state,
                up=poll is not None and poll < POLLS,
                last_poll_s=None if poll is None else poll.total_seconds(),
                tasks=tuple(tasks.get(host, ())),
            )
        )
    return sorted(rows, key=lambda row: row.host)


def drain(
    context: typer.Context,
    host: Annotated[str | None, typer.Argument(help="Its name; this machine's when left out.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take new threads again.")] = False,
    release: Annotated[
        bool, typer.Option("--release", help="End its idle threads too; a reply starts each again elsewhere.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until none of its tasks runs any more.")] = False,
) -> None:
    """Let a sandbox host take no new threads. What runs goes on, and so do the threads whose workspace lies there."""
    settings: Settings = context.obj
    name = host or settings.config.sandbox.host_id or platform.node()
    asyncio.run(_drain(settings, name, undo=undo, release=release, wait=wait))


async def _drain(settings: Settings, host: str, *, undo: bool, release: bool, wait: bool) -> None:
    client = await settings.client()
    try:
        status = await set_drained(client, host, drain=not undo)
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        typer.echo("no control worker answers; the host is drained once one runs (`airut worker control`)", err=True)
        raise typer.Exit(EXIT_UNREACHABLE) from error
    except RPCError as error:
        if is_missing(error):
            raise not_found(f"no host {host}; `airut host list` shows what there is") from error
        raise
    says = f"{host} takes no new threads" if status.drained else f"{host} takes new threads"
    typer.echo(says if status.reached else f"{says}; its worker is away, and is told when it is back")
    if release and status.drained and status.reached:  # one that is away could not archive them
        typer.echo(f"{await release_idle(client, host)} idle threads end; a reply starts each again on another host")
    if wait and status.drained:
        await _until_idle(client, host)


async def _until_idle(client: Client, host: str) -> None:
    said: list[str] | None = None
    while tasks := (await open_tasks(client, host)).get(host, []):
        if tasks != said:
            typer.echo(f"waiting for {len(tasks)}: {', '.join(tasks)}")
            said = tasks
        await asyncio.sleep(LOOK)
    typer.echo(f"no task of {host} runs")


def down(
    context: typer.Context,
    stop_agents: Annotated[
        bool, typer.Option("--stop-agents", help="Pause all running threads first: their containers go too.")
    ] = False,
) -> None:
    """Stop the `airut up` of this configuration. Agents run on, and are followed again by the next one."""
    settings: Settings = context.obj
    state = settings.config.state
    process = running(state)
    if process is None:
        typer.echo(f"airut up does not run on {state}")
        return
    if stop_agents:
        asyncio.run(pause_all(settings))
    if process:
        os.kill(process, signal.SIGTERM)
    limit = settings.config.execution.stops_within
    end = time.monotonic() + limit
    while running(state) == process:
        if time.monotonic() > end:
            typer.echo(f"airut up (process {process}) still runs after {limit:.0f} s; its log says why", err=True)
            raise typer.Exit(1)
        time.sleep(0.1)
    typer.echo("stopped")

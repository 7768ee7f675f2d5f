"""Pausing every running thread, as before a machine is switched off for long."""

import asyncio
import time
from datetime import UTC, datetime

import typer
from temporalio.client import Client

from airut import contracts
from airut.cli.context import Settings
from airut.cli.threads import Row, rows, task_status, thread_status
from airut.models.blob import Text
from airut.models.threads.command import CommandName, ThreadCommand, without_text
from airut.models.threads.thread import ThreadPhase
from signals.console import console_message

LIMIT = 120.0
"""Seconds: an agent may finish the tool call in hand for thirty, and a push that has begun goes to its end."""

LOOK = 0.5


async def pause_all(settings: Settings) -> None:
    """Pause what runs and wait until it is.

    Raises:
        typer.Exit: a thread runs on; says which (1).
    """
    client = await settings.client()
    threads = [row.thread async for row in rows(client, None, 10_000) if await to_pause(client, row)]
    await asyncio.gather(*(pause(client, thread) for thread in threads))
    end = time.monotonic() + LIMIT
    still = threads
    while still := [thread for thread in still if await _runs(client, thread)]:
        if time.monotonic() > end:
            typer.echo(f"still running: {', '.join(still)}; `airut down` alone leaves their agents running", err=True)
            raise typer.Exit(1)
        await asyncio.sleep(LOOK)
    for thread in threads:
        typer.echo(f"paused {thread}")
    if threads:
        typer.echo("`airut thread resume` continues each of them")


async def to_pause(client: Client, row: Row) -> bool:
    """What runs, and what is paused already with its agent frozen in its sandbox."""
    if row.state == ThreadPhase.PAUSED:
        return await _runs(client, row.thread)
    return row.state == ThreadPhase.RUNNING


async def pause(client: Client, thread: str) -> None:
    """So that no agent is left, not even a frozen one. Returns at once."""
    message = console_message(thread.partition("/")[0], Text(inline=""), "", datetime.now(UTC), thread)
    command = ThreadCommand(name=CommandName.PAUSE, message=without_text(message), answered=False, freeze=False)
    await client.get_workflow_handle(thread).signal(contracts.CONTROL, command)


async def _runs(client: Client, thread: str) -> bool:
    """Whether its task still holds a container, or is about to: a paused thread's is interrupted first."""
    status = await thread_status(client, thread)
    if status.phase is ThreadPhase.RUNNING:
        return True
    task = await task_status(client, status.task) if status.task else None
    return task is not None and not task.holds_nothing

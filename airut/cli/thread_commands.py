"""`airut thread pause|resume|stop|close`: the commands that people also send as messages (spec: lifecycle §6)."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from temporalio.client import Client
from temporalio.service import RPCError

from airut import contracts
from airut.cli.context import Settings, Unreachable, refused
from airut.cli.threads import no_worker, thread_id, thread_status
from airut.models.base import Model
from airut.models.blob import Text
from airut.models.threads.command import CommandName, CommandRecord, CommandWord, ThreadCommand, command_of
from airut.ports.audit import AuditTrail, LogTrail
from airut.temporal.connection import is_missing
from signals.accepted import note_accepted
from signals.console import console_message

LIMIT = 120.0
"""Seconds. A pause lets the agent finish for 30 s, then its container is stopped and its session stored."""

POLL = 0.3
"""Seconds between two looks."""

HELP = {
    CommandName.PAUSE: "Hold the thread: its task is set aside as it is, messages wait.",
    CommandName.RESUME: "Go on with a paused thread.",
    CommandName.STOP: "End the task in hand; what it did stays, messages wait.",
    CommandName.CLOSE: "End the thread: stop, drop what waits, archive, clear away.",
}

ThreadId = Annotated[str, typer.Argument(metavar="ID", help="The thread's id, or the beginning of it.")]
Limit = Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait for the state to be reached.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


class Reached(Model):
    """What a command came to."""

    thread: str
    command: CommandName
    said: str


def add_to(app: typer.Typer) -> None:
    """Add one command for each name to `airut thread`."""
    for name, text in HELP.items():
        app.command(str(name), help=text)(_command(name))


def _command(name: CommandName) -> Callable[..., None]:
    def run(context: typer.Context, thread: ThreadId, timeout: Limit = LIMIT, as_json: AsJson = False) -> None:
        reached = asyncio.run(_run(context.obj, thread, name, timeout))
        typer.echo(json.dumps({"version": 1, **reached.model_dump()}, indent=2) if as_json else reached.said)

    return run


async def _run(settings: Settings, prefix: str, name: CommandName, limit: float) -> Reached:
    client = await settings.client()
    thread = await thread_id(client, prefix)
    return await carry_out(client, thread, CommandWord(name=name), limit, audit=settings.audit)


async def carry_out(
    client: Client, thread: str, word: CommandWord, limit: float = LIMIT, audit: AuditTrail | None = None
) -> Reached:
    """Give a thread the command, and wait until it is carried out; `audit` records that it was given.

    Raises:
        typer.Exit: the thread has ended, and the command wants one that has not (6).
        Unreachable: nobody carries it out within `limit` seconds.
    """
    order = console_command(thread, word)
    try:
        await client.get_workflow_handle(thread).signal(contracts.CONTROL, order)
    except RPCError as error:
        if not is_missing(error):
            raise no_worker(f"{thread} was not told", error) from error
        return _of_ended(thread, word.name)
    await note_accepted(audit or LogTrail(), order)
    record = await _record(client, thread, order.key, limit)
    return Reached(thread=thread, command=word.name, said=record.said)


def console_command(thread: str, word: CommandWord) -> ThreadCommand:
    """The command of whoever runs this; its answer is read from the thread's state, and goes through no channel."""
    message = console_message(thread.split("/")[0], Text(inline=""), "", datetime.now(UTC), thread)
    return command_of(message, word, answered=False)


async def _record(client: Client, thread: str, key: str, limit: float) -> CommandRecord:
    ends = time.monotonic() + limit
    while (left := ends - time.monotonic()) > 0:
        try:
            status = await thread_status(client, thread, timedelta(seconds=left))
        except Unreachable:
            await asyncio.sleep(POLL)
            continue
        for record in status.commands:
            if record.key == key:
                return record
        await asyncio.sleep(POLL)
    raise Unreachable(
        f"{thread} has the command, but has not carried it out within {limit:.0f} s. It will, as soon as it can: "
        "`airut thread show` tells what it does; if that does not answer either, no control worker is running, and "
        "`airut up` or `airut worker control` starts one"
    )


def _of_ended(thread: str, name: CommandName) -> Reached:
    """What there is to say of a thread that does not run any more."""
    if name in (CommandName.STOP, CommandName.CLOSE):
        return Reached(thread=thread, command=name, said="The conversation has ended already.")
    raise refused(f"{thread} has ended, so that there is nothing to {name}; a new message begins it again")

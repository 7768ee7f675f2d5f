"""`airut send`: a message through the console channel."""

import asyncio
import mimetypes
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from airut.cli.context import EXIT_USAGE, Settings
from airut.cli.thread import watch
from airut.cli.threads import thread_id, thread_status
from airut.models.budget import LEAST_USD, MOST_USD
from airut.models.message import Attachment, Hints, InboundMessage
from airut.ports.blobs import BlobStore
from airut.ports.texts import store
from airut.temporal.delivery import deliver
from signals.console import console_message


def send(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What to do; `-` reads standard input.")],
    repo: Annotated[str, typer.Option(help="The repository, as airut.yaml names it.")],
    thread: Annotated[str | None, typer.Option(help="Continue this thread (its id, or the beginning of it).")] = None,
    file: Annotated[list[Path] | None, typer.Option(help="A file for the agent; may be repeated.")] = None,
    budget: Annotated[
        float | None,
        typer.Option(min=LEAST_USD, max=MOST_USD, help="US dollars for this task, within what the repository allows."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Watch until it is done, then print the reply.")] = False,
) -> None:
    """Send a message: a new thread, or the next message of one."""
    content = sys.stdin.read() if text == "-" else text
    if not content.strip():
        typer.echo("the message is empty", err=True)
        raise typer.Exit(EXIT_USAGE)
    asyncio.run(_send(context.obj, content, repo, thread, file or [], Hints(budget=budget), wait))


async def _send(
    settings: Settings, content: str, repo: str, prefix: str | None, files: list[Path], hints: Hints, wait: bool
) -> None:
    config = settings.config
    if repo not in config.repos or config.repos[repo].channels.console is None:
        able = [name for name, found in config.repos.items() if found.channels.console is not None]
        typer.echo(f"{repo} has no console channel; these have: {', '.join(able) or 'none'}", err=True)
        raise typer.Exit(EXIT_USAGE)
    client = await settings.client()
    blobs = settings.blobs
    message = await _message(blobs, content, repo, await thread_id(client, prefix) if prefix else None, files, hints)
    await deliver(client, message)
    typer.echo(message.thread)
    if not wait:
        return
    await watch(client, message.thread)
    status = await thread_status(client, message.thread)
    if status.last_reply:
        reply = await blobs.get(status.last_reply.markdown)
        Console().print(Markdown(reply.decode(errors="replace")))
    if status.recent and not status.recent[-1].outcome.did_its_job:
        raise typer.Exit(1)


async def _message(
    blobs: BlobStore, content: str, repo: str, thread: str | None, files: list[Path], hints: Hints
) -> InboundMessage:
    text = await store(blobs, content)
    subject = content.strip().splitlines()[0][:80]
    attachments = [
        Attachment(
            name=path.name,
            media_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            content=await blobs.put(path.read_bytes()),
        )
        for path in files
    ]
    return console_message(repo, text, subject, datetime.now(UTC), thread, tuple(attachments), hints)

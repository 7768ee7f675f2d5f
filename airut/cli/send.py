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
from temporalio.client import Client

from airut.cli.context import EXIT_USAGE, Settings
from airut.cli.tasks import usage
from airut.cli.terminal import clean
from airut.cli.thread import watch
from airut.cli.thread_commands import carry_out
from airut.cli.thread_files import listed
from airut.cli.threads import thread_id
from airut.config.restored import numbers_above
from airut.models.budgets.budget import LEAST_USD, MOST_USD
from airut.models.questions.answer_parsing import question_markdown
from airut.models.threads.command import CommandName, CommandWord, read_word
from airut.models.threads.message import Attachment, Hints, InboundMessage
from airut.models.threads.notices import help_text
from airut.models.threads.thread import ThreadPhase
from airut.ports.blobs import BlobStore
from airut.ports.texts import store
from airut.temporal.delivery import counted, hand_over
from signals.accepted import note_accepted
from signals.console import console_message


def send(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What to do; `-` reads standard input.")],
    repo: Annotated[str, typer.Option(help="The repository, as airut.yaml names it.")],
    thread: Annotated[str | None, typer.Option(help="Continue this thread (its id, or the beginning of it).")] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, readable=True, help="A file for the agent; may be repeated."),
    ] = None,
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
    content = config.redactor.text(content)  # what is a secret here is none of the agent's, nor of Temporal's
    client = await settings.client()
    blobs = settings.blobs
    thread = await thread_id(client, prefix) if prefix else None
    if word := read_word(content, bool(files)):
        await _command(settings, client, thread, word)
        return
    message = await _message(blobs, content, repo, thread, files, hints)
    await hand_over(client, counted(message, numbers_above(config.state)))
    await note_accepted(settings.audit, message)
    typer.echo(message.thread)
    if not wait:
        return
    status = await watch(client, message.thread)
    if status.question is not None:
        typer.echo(clean(question_markdown(status.question)))
        typer.echo(f"airut thread answer {message.thread} CHOICE…, or --text TEXT")
        return
    if status.phase is ThreadPhase.PAUSED:
        typer.echo(f"the thread is paused; `airut thread resume {message.thread}` goes on")
        return
    if status.last_reply:
        reply = await blobs.get(status.last_reply.markdown)
        Console().print(Markdown(clean(reply.decode(errors="replace"))))
        for line in listed(status):
            typer.echo(f"file: {line}; `airut thread files {message.thread} --out FOLDER` saves it")
    if status.recent and not status.recent[-1].outcome.did_its_job:
        raise typer.Exit(1)


async def _command(settings: Settings, client: Client, thread: str | None, word: CommandWord) -> None:
    """A message that is one word of the list steers its thread, as it does in a mail."""
    if thread is not None:
        typer.echo((await carry_out(client, thread, word, audit=settings.audit)).said)
    elif word.name is CommandName.HELP:
        typer.echo(help_text(word.unknown))
    else:
        raise usage(f"`{word.name}` is a command: say for which thread with --thread, or say more than one word")


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

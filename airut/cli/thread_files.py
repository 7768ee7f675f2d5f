"""`airut thread files`: what an answer brought along besides its text."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from airut.cli.context import EXIT_NOT_FOUND, Settings, refused
from airut.cli.terminal import clean
from airut.cli.threads import thread_id, thread_status
from airut.errors import BlobError
from airut.models.threads.thread import ThreadStatus


def files(
    context: typer.Context,
    thread: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    out: Annotated[Path | None, typer.Option(file_okay=False, help="Save them in this folder; else list them.")] = None,
) -> None:
    """List the files of a thread's last reply, or save them."""
    asyncio.run(_files(context.obj, thread, out))


def listed(status: ThreadStatus) -> list[str]:
    """The files of the last reply, a line each."""
    found = status.last_reply.attachments if status.last_reply else ()
    return [f"{clean(file.name)} ({file.content.size:,} bytes)" for file in found]


async def _files(settings: Settings, prefix: str, folder: Path | None) -> None:
    client = await settings.client()
    status = await thread_status(client, await thread_id(client, prefix))
    if not (lines := listed(status)):
        typer.echo("the last reply has no files")
        return
    if folder is None:
        typer.echo("\n".join(lines))
        return
    assert status.last_reply is not None
    folder.mkdir(parents=True, exist_ok=True)
    for file, line in zip(status.last_reply.attachments, lines, strict=True):
        target = folder / Path(file.name).name  # one component, whatever an agent called it
        try:
            content = await settings.blobs.get(file.content)
        except BlobError:
            typer.echo(f"{line}: it is not kept any more", err=True)
            raise typer.Exit(EXIT_NOT_FOUND) from None
        try:
            with target.open("xb") as written:
                written.write(content)
        except FileExistsError:
            raise refused(f"{target} exists already; nothing was written over it") from None
        typer.echo(f"{target} ({len(content):,} bytes)")

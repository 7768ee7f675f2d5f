"""`airut task logs`: what the agent of a task does or did, from the folders of its sandboxes on this host."""

import asyncio
import gzip
import json
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from temporalio.client import Client, WorkflowExecutionStatus

from airut.cli.adapters import agent_lines
from airut.cli.agent_log import Line, event_lines, network_line
from airut.cli.context import Settings, Unreachable, not_found
from airut.cli.tasks import TaskName, find_task
from airut.cli.threads import thread_status
from airut.errors import BlobMissing
from airut.models.hosts.folders import ACCESS_LOG_FILES, ThreadFolders
from airut.temporal.recorded import recorded_task

POLL = 0.5
"""Seconds between two looks at a file that grows."""

KEPT = 0
"""In place of the number of a sandbox: its lines are those that were kept of the task's last one."""


def logs(
    context: typer.Context,
    task: Annotated[
        str, typer.Argument(metavar="ID", help="A task's id, or its thread's (or the beginning of it): the last one.")
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until the task has closed.")] = False,
    network: Annotated[bool, typer.Option("--network", help="What the sandbox asked the network for.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The recorded lines as they are.")] = False,
) -> None:
    """Show a task's agent at work, all its sandboxes in order."""
    asyncio.run(_logs(context.obj, task, follow, network, as_json))


async def _logs(settings: Settings, given: str, follow: bool, network: bool, as_json: bool) -> None:
    client = await settings.client()
    task = await find_task(client, given)
    log = TaskLog(settings, task, network)
    show = _raw if as_json else _Shown(network)
    closed = not follow
    while True:
        for attempt, line in log.new(final=closed):
            show(attempt, line)
        if closed:
            break
        # Looked at before the files are read for the last time: what was written until then is shown.
        closed = await _is_closed(client, task)
        if not closed:
            await asyncio.sleep(POLL)
    if log.begun:
        return
    kept = await _kept(client, settings, task) if network else None
    if kept is None:
        raise await _elsewhere(client, settings, task)

    for line in kept.splitlines():
        show(KEPT, line)


async def _kept(client: Client, settings: Settings, task: TaskName) -> bytes | None:
    """The access log of a task whose folders are gone, or on another host."""
    recorded = await recorded_task(client, task.id)
    agent = recorded.result.agent if recorded else None
    if agent is None or agent.access_log is None:
        return None
    try:
        return gzip.decompress(await settings.blobs.get(agent.access_log))
    except BlobMissing:
        return None


class TaskLog:
    """The lines of a task's sandboxes that were not handed out yet."""

    def __init__(self, settings: Settings, task: TaskName, network: bool) -> None:
        self._folder = ThreadFolders(state=settings.config.state).of(task.thread).task(task.number, 1).parent
        self._network = network
        self._read: dict[int, int] = {}

    @property
    def begun(self) -> bool:
        return bool(self._read)

    def new(self, *, final: bool) -> Iterator[tuple[int, bytes]]:
        """Whole lines, each with the number of its sandbox; with `final` also a last line without its end."""
        for attempt in self._attempts():
            before = self._read.setdefault(attempt, 0)
            folder = self._folder / str(attempt)
            if self._network:
                data = b"".join(_content(folder / "log" / name) for name in ACCESS_LOG_FILES)[before:]
                data = data[: data.rfind(b"\n") + 1]
                self._read[attempt] = before + len(data)
                yield from ((attempt, line) for line in data.splitlines())
                continue
            for data, behind in agent_lines(folder, before, final=final):
                self._read[attempt] = behind
                yield from ((attempt, line) for line in data.splitlines())

    def _attempts(self) -> list[int]:
        try:
            return sorted(
                int(path.name) for path in self._folder.iterdir() if path.name.isascii() and path.name.isdigit()
            )
        except OSError:
            return []


class _Shown:
    """Prints lines as people read them, with a heading for each sandbox."""

    def __init__(self, network: bool) -> None:
        self._network = network
        self._console = Console(highlight=False)
        self._attempt = -1

    def __call__(self, attempt: int, raw: bytes) -> None:
        if attempt != self._attempt:
            self._console.rule("the last sandbox, as kept" if attempt == KEPT else f"sandbox {attempt}", style="dim")
            self._attempt = attempt
        lines = _known(network_line(raw)) if self._network else event_lines(raw)
        for line in lines:
            self._console.print(Text(line.text, style=line.style))


def _raw(attempt: int, raw: bytes) -> None:
    typer.echo(json.dumps({"version": 1, "sandbox": attempt, "line": raw.decode(errors="replace")}))


def _known(line: Line | None) -> tuple[Line, ...]:
    return () if line is None else (line,)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


async def _is_closed(client: Client, task: TaskName) -> bool:
    found = await client.get_workflow_handle(task.id).describe()
    return found.status is not WorkflowExecutionStatus.RUNNING


async def _elsewhere(client: Client, settings: Settings, task: TaskName) -> typer.Exit:
    """Where the output is, when it is not here."""
    try:
        host = (await thread_status(client, task.thread)).host
    except Unreachable:
        host = None
    here = platform.node() or "host"
    if host is not None and host != here:
        return not_found(f"{task.id} lies on the host {host}, and this is {here}: `airut task logs {task.id}` there")
    return not_found(
        f"{task.id} has no output on this host ({here}, below {settings.config.state}): its agent has not begun, "
        "or its folder was cleared away"
    )

"""Which task a person means."""

import re

import typer
from temporalio.client import Client

from airut.cli.context import EXIT_USAGE, not_found
from airut.cli.threads import thread_id
from airut.models.base import Model
from airut.temporal.task_records import tasks_of

_TASK = re.compile(r"(?P<thread>.+)/task-(?P<number>\d{1,6})")


class TaskName(Model):
    thread: str
    number: int

    @property
    def id(self) -> str:
        return f"{self.thread}/task-{self.number}"


async def find_task(client: Client, given: str) -> TaskName:
    """The task that is meant: by its id, or by its thread's (or the beginning of it), then the last one.

    Raises:
        typer.Exit: there is none (5), or several threads begin like that (2).
    """
    named = _TASK.fullmatch(given)
    thread = await thread_id(client, named["thread"] if named else given)
    numbers = [row.number for row in await tasks_of(client, thread)]
    if not numbers:
        raise not_found(f"{thread} has no task yet")
    if named is None:
        return TaskName(thread=thread, number=max(numbers))
    if int(named["number"]) not in numbers:
        raise not_found(f"{thread} has no task {int(named['number'])}; its last one is {max(numbers)}")
    return TaskName(thread=thread, number=int(named["number"]))


async def find_workflow(client: Client, given: str) -> str:
    """A task's id, or a thread's.

    Raises:
        typer.Exit: as for `find_task`.
    """
    if _TASK.fullmatch(given):
        return (await find_task(client, given)).id
    return await thread_id(client, given)


def usage(text: str) -> typer.Exit:
    """Say what cannot be meant; for `raise usage(…)`."""
    typer.echo(text, err=True)
    return typer.Exit(EXIT_USAGE)

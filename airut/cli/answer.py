"""`airut thread answer`: what the agent has asked, answered from here (spec: lifecycle §7)."""

import asyncio
import getpass
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from airut import contracts
from airut.adapters.audit.thread_control import given
from airut.cli.context import Settings, refused
from airut.cli.terminal import clean
from airut.cli.thread_commands import AsJson, ThreadId
from airut.cli.threads import no_worker, thread_id, thread_status
from airut.models.questions.answer_parsing import question_markdown
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import AnswerOrder
from airut.ports.audit import note
from airut.temporal.connection import is_missing

LIMIT = timedelta(seconds=30)
"""An update is answered at once by a worker that is up; a busy one may need some seconds."""


def answer(
    context: typer.Context,
    thread: ThreadId,
    choice: Annotated[
        list[str] | None,
        typer.Argument(help="Numbers or labels; where several things are asked, one for each, in order."),
    ] = None,
    text: Annotated[str, typer.Option(help="An answer in your own words.")] = "",
    as_json: AsJson = False,
) -> None:
    """Answer the agent's question; without an answer, show it."""
    asyncio.run(_answer(context.obj, thread, tuple(choice or ()), text, as_json))


async def _answer(settings: Settings, prefix: str, choices: tuple[str, ...], text: str, as_json: bool) -> None:
    client = await settings.client()
    thread = await thread_id(client, prefix)
    question = (await thread_status(client, thread)).question
    if question is None:
        raise refused(f"{thread} asks nothing; `airut thread show {thread}` tells what it does")
    if not choices and not text.strip():
        if as_json:
            typer.echo(json.dumps({"version": 1, "thread": thread, "question": question.model_dump(mode="json")}))
            return
        typer.echo(clean(question_markdown(question)))
        typer.echo(f"airut thread answer {thread} CHOICE…, or --text TEXT")
        return
    order = AnswerOrder(
        question_id=question.id,
        choices=choices,
        text=text,
        author=getpass.getuser(),
        key=uuid.uuid4().hex,
        at=datetime.now(UTC),
    )
    said = await ask(settings, client, thread, contracts.ANSWER, order)
    typer.echo(json.dumps({"version": 1, "thread": thread, "said": said}) if as_json else said)


async def ask(settings: Settings, client: Client, thread: str, update: str, order: AnswerOrder | RetryOrder) -> str:
    """Send an update to a thread, and record that it was taken; returns its answer.

    Raises:
        typer.Exit: the thread refuses, and has said why (6), or has ended (6).
        Unreachable: no worker answers.
    """
    try:
        said: str = await client.get_workflow_handle(thread).execute_update(
            update, order, id=order.key, result_type=str, rpc_timeout=LIMIT
        )
        await note(settings.audit, given(order.author, thread, command=update, task=order.task))
        return said
    except WorkflowUpdateFailedError as error:
        raise refused(str(error.cause)) from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise no_worker(f"{thread} does not answer", error) from error
    except RPCError as error:
        if is_missing(error):
            raise refused(f"{thread} has ended; a new message begins it again") from error
        raise no_worker(f"{thread} does not answer", error) from error

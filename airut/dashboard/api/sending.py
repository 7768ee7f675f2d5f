"""What programs do: messages through the console channel, commands, retries."""

import asyncio
from datetime import datetime
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from airut.dashboard.api.answers import answer, body, message_key
from airut.dashboard.operation import Operation
from airut.dashboard.pages import Page, View, Visit
from airut.dashboard.problem import Problem
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.base import Model
from airut.models.blob import Text
from airut.models.budgets.budget import LEAST_USD, MOST_USD
from airut.models.login import Role
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import CommandName, CommandRecord, CommandWord, RetryStep, command_of, read_word
from airut.models.threads.message import Hints, InboundMessage
from airut.ports.texts import store
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused
from signals.accepted import note_accepted
from signals.console import console_message

COMMANDS = (CommandName.PAUSE, CommandName.RESUME, CommandName.STOP, CommandName.CLOSE)

WAIT = 2.0
"""Seconds in which most commands have reached their state; a pause lets the agent finish for 30."""

LOOK = 0.1

SUBJECT = 80
"""Characters of a first line that become the thread's subject."""


class NewMessage(Model):
    text: Annotated[str, Field(min_length=1)]
    budget: Annotated[float, Field(ge=LEAST_USD, le=MOST_USD)] | None = None
    """US dollars for this task, within what the repository allows."""


class NewThread(NewMessage):
    repo: str


class Accepted(Model):
    thread: str
    key: str
    """By which the thread knows the message."""


class Ordered(Model):
    thread: str
    command: str
    reached: bool
    """False: the thread has the command, and carries it out as soon as it can."""
    said: str = ""
    """The state that it reached, in words."""


class NewRetry(Model):
    step: RetryStep = RetryStep.PREPARE


class Retried(Model):
    task: str
    """The new one's id."""


async def new_thread(visit: Visit) -> Response:
    order = await body(visit, NewThread)
    key = message_key(visit, "thread", needed=True)
    return await _send(visit, order, order.repo, f"{order.repo}/console/{key[:16]}", key)


async def new_message(visit: Visit) -> Response:
    order, id_ = await body(visit, NewMessage), visit.path("id")
    key = message_key(visit, id_, needed=True)
    if read_word(order.text) is not None:
        raise Problem(422, "A message of this one word steers a conversation; there is an address for each command.")
    if not (await visit.ports.threads.exists(id_)):
        raise Problem(404, "No thread of this id is known here.")
    return await _send(visit, order, id_.partition("/")[0], id_, key)


async def _send(visit: Visit, order: NewMessage, repo: str, thread: str, key: str) -> Response:
    await send(visit, order, repo, thread, key)
    return answer(Accepted(thread=thread, key=key), 202)


async def send(visit: Visit, order: NewMessage, repo: str, thread: str, key: str) -> None:
    """Hand a message over; twice with one key counts once.

    Raises:
        Problem: it is not taken, and says why.
    """
    config, ports = visit.config, visit.ports
    if repo not in config.repos or config.repos[repo].channels.console is None:
        able = ", ".join(name for name, found in config.repos.items() if found.channels.console is not None)
        raise Problem(422, f"{repo} has no console channel; these have: {able or 'none'}.")
    if not order.text.strip():
        raise Problem(422, "text: there is nothing in it.")
    text = config.redactor.text(order.text)  # what is a secret here is none of the agent's, nor of Temporal's
    message = _message(
        visit, repo, await store(ports.blobs, text), text.strip().splitlines()[0][:SUBJECT], thread, key,
        Hints(budget=order.budget), ports.clock(),
    )  # fmt: skip
    try:
        await ports.deliver(message)
    except DeliveryRefused as error:
        raise Problem(422, str(error)) from None
    except DeliveryDeferred as error:
        raise Problem(503, f"{error}. Send it again with the same Idempotency-Key: it counts once.") from None
    await note_accepted(ports.trail, message)


def _message(
    visit: Visit, repo: str, text: Text, subject: str, thread: str, key: str, hints: Hints, now: datetime
) -> InboundMessage:
    made = console_message(repo, text, subject, now, thread, hints=hints)
    return made.model_copy(update={"key": key, "author": visit.login.actor})


def _command(name: CommandName) -> View:
    async def command(visit: Visit) -> Response:
        id_ = visit.path("id")
        key = message_key(visit, f"{id_}\0{name}")
        empty = _message(visit, id_.partition("/")[0], Text(inline=""), "", id_, key, Hints(), visit.ports.clock())
        try:
            await visit.ports.control.command(command_of(empty, CommandWord(name=name), answered=False))
        except ThreadGone:
            raise Problem(409, f"This conversation has ended, so that there is nothing to {name}.") from None
        except ThreadAway as error:
            raise Problem(503, f"Nobody has taken the command ({error}). Sending it once more does no harm.") from None
        record = await _reached(visit, id_, key)
        said = record.said if record else ""
        return answer(Ordered(thread=id_, command=name, reached=record is not None, said=said), 200 if record else 202)

    return command


async def _reached(visit: Visit, thread: str, key: str) -> CommandRecord | None:
    ends = asyncio.get_running_loop().time() + WAIT
    while asyncio.get_running_loop().time() < ends:
        try:
            status = await visit.ports.control.status(thread)
        except (ThreadAway, ThreadGone):
            return None
        if found := next((record for record in status.commands if record.key == key), None):
            return found
        await asyncio.sleep(LOOK)
    return None


async def retry(visit: Visit) -> Response:
    order = await body(visit, NewRetry)
    thread, _, number = visit.path("id").rpartition("/task-")
    if not thread or not (number.isascii() and number.isdigit()) or len(number) > 6:
        raise Problem(404, "A task's id is its thread's, /task- and its number.")
    detail = await visit.ports.tasks.detail(thread, int(number))
    retried = RetryOrder(
        key=message_key(visit, visit.path("id")), author=visit.login.actor, step=order.step, task=int(number),
        before=detail.closed if detail else None,
    )  # fmt: skip
    try:
        return answer(Retried(task=await visit.ports.control.retry(thread, retried)), 202)
    except ThreadRefused as error:
        raise Problem(409, str(error)) from None
    except ThreadGone:
        raise Problem(409, "This conversation has ended; a new message begins it again.") from None
    except ThreadAway as error:
        raise Problem(503, f"The thread does not answer ({error}). Sending it once more does no harm.") from None


THREAD = "/api/v1/threads/{id:path}"

PAGES = (
    Page(
        "/api/v1/threads", new_thread, Role.OPERATOR, "POST",
        api=Operation("Begin a thread", Accepted, 202, body=NewThread, key=True),
    ),
    Page(
        f"{THREAD}/messages", new_message, Role.OPERATOR, "POST",
        api=Operation("Send a message to a thread", Accepted, 202, body=NewMessage, key=True),
    ),
    *(
        Page(
            f"{THREAD}/{name}", _command(name), Role.OPERATOR, "POST",
            api=Operation(f"{name.title()} a thread; 202: it will, as soon as it can", Ordered),
        )
        for name in COMMANDS
    ),
    Page(
        "/api/v1/tasks/{id:path}/retry", retry, Role.OPERATOR, "POST",
        api=Operation("Do a task again", Retried, 202, body=NewRetry),
    ),
)  # fmt: skip

"""A thread's page, and the commands that its buttons give."""

import asyncio
from urllib.parse import quote

from starlette.responses import Response

from airut.dashboard.conversation import Conversation, conversation
from airut.dashboard.form_key import KEY, form_key, given_key, message_key
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.writing import may_write
from airut.models.blob import Text
from airut.models.login import Role
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import CommandName, CommandRecord, CommandWord, RetryStep, command_of
from airut.models.threads.thread import ThreadPhase
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused
from signals.console import console_message

BUTTONS = (CommandName.PAUSE, CommandName.RESUME, CommandName.STOP, CommandName.CLOSE)

WAIT = 2.0
"""Seconds in which most commands have reached their state; a pause lets the agent finish for 30."""


async def thread(visit: Visit) -> Response:
    return await _page(visit, visit.query.get("done", ""))


async def command(visit: Visit) -> Response:
    """Idempotent: the form has a key of its own, and a thread knows the keys of what it has carried out."""
    form, id_ = await visit.form(), visit.path("id")
    name, key = str(form.get("command", "")), given_key(str(form.get("key", "")))
    if name not in set(BUTTONS):
        raise Problem(422, f"A thread takes {', '.join(BUTTONS)}.")
    now = visit.ports.clock()
    message = console_message(id_.partition("/")[0], Text(inline=""), "", now, id_)
    order = command_of(
        message.model_copy(update={"key": message_key(id_, key), "author": visit.login.actor}),
        CommandWord(name=CommandName(name)),
        answered=False,
    )
    task = str(form.get("task", ""))
    if task.isdecimal():  # a button beside one task must not act on the next
        order = order.model_copy(update={"task": int(task)})
    try:
        await visit.ports.control.command(order)
    except ThreadGone:
        raise Problem(409, f"This conversation has ended, so that there is nothing to {name}.") from None
    except ThreadAway as error:
        raise Problem(503, f"Nobody has taken the command ({error}). Sending it once more does no harm.") from None
    await _reached(visit, id_, order.key)
    return visit.back(f"{path_of(id_)}?done={key}")


async def retry(visit: Visit) -> Response:
    form, id_, number = await visit.form(), visit.path("id"), int(visit.path("n"))
    step, key = str(form.get("step", RetryStep.PREPARE)), given_key(str(form.get("key", "")))
    if step not in set(RetryStep):
        raise Problem(422, f"A retry begins from {', '.join(RetryStep)}.")
    detail = await visit.ports.tasks.detail(id_, number)
    order = RetryOrder(
        key=message_key(id_, key),
        author=visit.login.actor,
        step=RetryStep(step),
        task=number,
        before=detail.closed if detail else None,
    )
    try:
        new = await visit.ports.control.retry(id_, order)
    except ThreadRefused as error:
        raise Problem(409, str(error)) from None
    except ThreadGone:
        raise Problem(409, "This conversation has ended; a new message begins it again.") from None
    except ThreadAway as error:
        raise Problem(503, f"The thread does not answer ({error}). Sending it once more does no harm.") from None
    _, _, task = new.rpartition("/task-")
    return visit.back(f"{path_of(id_)}/tasks/{task}" if task.isdecimal() else path_of(id_))


def path_of(id_: str) -> str:
    return f"/threads/{quote(id_)}"


def temporal_link(visit: Visit, workflow: str) -> str:
    """The workflow in Temporal's own pages; empty where nobody knows their address."""
    config = visit.ports.config()
    if config is None:
        return ""
    temporal = config.temporal
    base = config.dashboard.temporal_ui
    if base is None:
        if temporal.mode != "embedded":
            return ""
        base = f"http://127.0.0.1:{temporal.ui_port}"
    return f"{base}/namespaces/{quote(temporal.namespace)}/workflows/{quote(workflow, safe='')}"


def buttons_of(found: Conversation) -> tuple[CommandName, ...]:
    """The commands that do something now."""
    status = found.status
    if status is None or status.phase is ThreadPhase.ENDED:
        return ()
    match status.phase:
        case ThreadPhase.PAUSED:
            return (CommandName.RESUME, CommandName.STOP, CommandName.CLOSE)
        case ThreadPhase.RUNNING:
            return (CommandName.PAUSE, CommandName.STOP, CommandName.CLOSE)
        case _:
            return (CommandName.PAUSE, CommandName.CLOSE)


async def _page(visit: Visit, done: str) -> Response:
    id_ = visit.path("id")
    before = visit.query.get("before", "")
    found = await conversation(visit.ports, id_, int(before) if before.isdecimal() else None)
    if found is None:
        raise Problem(404, f"No thread {id_} is known here. What ended long ago is kept for some months only.")
    record = _record(found, message_key(id_, done)) if KEY.fullmatch(done) else None
    return visit.page(
        "thread.html",
        found=found,
        path=path_of(id_),
        buttons=buttons_of(found) if visit.may(Role.OPERATOR) else (),
        key=form_key(),
        done=done if KEY.fullmatch(done) else "",
        record=record,
        temporal=temporal_link(visit, id_),
        answers=visit.may(Role.OPERATOR),
        writes=may_write(visit, found.repo),
        topics=(f"thread:{id_}",),
    )


async def _reached(visit: Visit, id_: str, key: str) -> None:
    """Wait a moment: what the page then shows is mostly the state that was asked for."""
    ends = asyncio.get_running_loop().time() + WAIT
    while asyncio.get_running_loop().time() < ends:
        try:
            status = await visit.ports.control.status(id_)
        except (ThreadAway, ThreadGone):
            return
        if any(record.key == key for record in status.commands):
            return
        await asyncio.sleep(0.1)


def _record(found: Conversation, key: str) -> CommandRecord | None:
    records = found.status.commands if found.status else ()
    return next((record for record in records if record.key == key), None)


PAGES = (
    Page("/threads/{id:path}/command", command, Role.OPERATOR, method="POST"),
    Page("/threads/{id:path}/tasks/{n:int}/retry", retry, Role.OPERATOR, method="POST"),
    Page("/threads/{id:path}", thread, Role.VIEWER),
)

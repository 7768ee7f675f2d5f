"""Threads and their tasks, read."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import JsonValue
from starlette.responses import Response

from airut.dashboard.access_log import Asked
from airut.dashboard.api.answers import answer, limit_of
from airut.dashboard.conversation import Conversation, conversation
from airut.dashboard.operation import Operation
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.views.network import requests_of
from airut.dashboard.work import access_log, timeline_source
from airut.models.base import Model
from airut.models.login import Role
from airut.models.threads.steering import TaskStatus
from airut.ports.recordings import Recording
from airut.ports.task_records import TaskDetail
from airut.ports.thread_directory import ThreadFilter, ThreadPage

EVENTS_BYTES = 256 * 1024
"""Of one answer; the last event may be larger, and is never cut."""


class TaskState(Model):
    task: TaskDetail
    status: TaskStatus | None
    """Its own account, while it is open."""


class AgentEvent(Model):
    sandbox: int
    offset: int
    event: JsonValue
    """As the agent wrote it; a text where it was no JSON."""


class AgentEvents(Model):
    events: tuple[AgentEvent, ...]
    next: str
    """For `after`: what comes then, now or later."""
    more: bool
    """Whether there is more already."""


class Requests(Model):
    requests: tuple[Asked, ...]


async def threads(visit: Visit) -> Response:
    try:
        page = await visit.ports.threads.threads(filter_of(visit.query), visit.query.get("cursor", ""), limit_of(visit))
    except ValueError as error:
        raise Problem(422, str(error)) from None
    return answer(page)


def filter_of(query: Mapping[str, str]) -> ThreadFilter:
    """Pure. Raises: ValueError: a time that is none."""
    texts = {name: query.get(name, "") for name in ("repo", "channel", "state", "outcome", "author", "host", "text")}
    return ThreadFilter(**texts, since=_time(query.get("since", "")), until=_time(query.get("until", "")))


async def thread(visit: Visit) -> Response:
    before = visit.query.get("before", "")
    found = await conversation(visit.ports, visit.path("id"), int(before[:9]) if before.isdecimal() else None)
    if found is None:
        raise Problem(404, "No thread of this id is known here.")
    return answer(found)


async def task(visit: Visit) -> Response:
    id_, number = visit.path("id"), int(visit.path("n"))
    detail, status = await asyncio.gather(visit.ports.tasks.detail(id_, number), visit.ports.tasks.status(id_, number))
    if detail is None:
        raise _no_task(number)
    return answer(TaskState(task=detail, status=status))


async def events(visit: Visit) -> Response:
    source = await timeline_source(visit.ports, visit.path("id"), number := int(visit.path("n")), await _detail(visit))
    found = await asyncio.to_thread(events_after, source.recording, visit.query.get("after", ""))
    if found is None:
        raise Problem(422, f"after is what an answer for task {number} named as next.")
    config = visit.ports.config()
    text = found.model_dump_json()
    return Response(config.redactor.text(text) if config else text, media_type="application/json")


def events_after(recording: Recording, after: str) -> AgentEvents | None:
    """The next events of a recording; None where `after` is none of ours."""
    sandboxes = recording.sandboxes
    first, _, begin = after.partition("-")
    if after and not (first.isdecimal() and begin.isdecimal() and len(after) < 30):
        return None
    sandbox, offset = (int(first), int(begin)) if after else (sandboxes[0] if sandboxes else 0, 0)
    found: list[AgentEvent] = []
    left = EVENTS_BYTES
    for each in (each for each in sandboxes if each >= sandbox):
        offset = offset if each == sandbox else 0
        sandbox = each
        for line in recording.lines(each, offset, offset + left):
            found.append(AgentEvent(sandbox=each, offset=line.offset, event=_parsed(line.raw)))
            offset = line.offset + len(line.raw) + 1
            left -= len(line.raw) + 1
        if left <= 0:
            break
    more = any(each > sandbox or offset < recording.size(each) for each in sandboxes if each >= sandbox) and left <= 0
    return AgentEvents(events=tuple(found), next=f"{sandbox}-{offset}", more=more)


async def network(visit: Visit) -> Response:
    log = await access_log(visit.ports, visit.path("id"), int(visit.path("n")), await _detail(visit))
    return answer(Requests(requests=await asyncio.to_thread(requests_of, visit, log)))


async def _detail(visit: Visit) -> TaskDetail:
    number = int(visit.path("n"))
    detail = await visit.ports.tasks.detail(visit.path("id"), number)
    if detail is None:
        raise _no_task(number)
    return detail


def _no_task(number: int) -> Problem:
    return Problem(404, f"No task {number} of this thread is recorded.")


def _parsed(raw: bytes) -> JsonValue:
    try:
        found: JsonValue = json.loads(raw)
    except (ValueError, RecursionError):
        return raw.decode(errors="replace")
    return found


def _time(given: str) -> datetime | None:
    if not given:
        return None
    found = datetime.fromisoformat(given)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


FILTERS = (
    ("repo", "one repository"),
    ("channel", "email, slack or console"),
    ("state", "running, idle, paused or ended"),
    ("outcome", "of the last task"),
    ("author", "the whole address or name"),
    ("host", "open threads whose workspace lies there"),
    ("text", "found in the subject or the id"),
    ("since", "began at this time or later, ISO 8601"),
    ("until", "began before"),
    ("cursor", "next_cursor of the page before"),
    ("limit", "rows, 1 to 200"),
)

TASK = "/api/v1/threads/{id:path}/tasks/{n:int}"
AFTER = (("after", "next of the answer before"),)

PAGES = (
    Page("/api/v1/threads", threads, Role.VIEWER, api=Operation("Threads, newest first", ThreadPage, query=FILTERS)),
    Page(f"{TASK}/events", events, Role.VIEWER, api=Operation("What the agent wrote", AgentEvents, query=AFTER)),
    Page(f"{TASK}/network", network, Role.VIEWER, api=Operation("What was asked of the network", Requests)),
    Page(TASK, task, Role.VIEWER, api=Operation("A task", TaskState)),
)

LAST = (
    Page(
        "/api/v1/threads/{id:path}",
        thread,
        Role.VIEWER,
        api=Operation("A thread with its last tasks", Conversation, query=(("before", "tasks older than this one"),)),
    ),
)
"""Behind all others below /threads/: its path takes in what follows."""

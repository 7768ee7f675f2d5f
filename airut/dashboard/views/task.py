"""A task's page: what it was asked, and what its agent does, step by step, while it does it."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from airut.dashboard.conversation import Said, messages_of
from airut.dashboard.form_key import form_key
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.timeline.chunks import Chunk, Cursor, after, before, newest, whole
from airut.dashboard.timeline.entries import Place
from airut.dashboard.views.thread import path_of, temporal_link
from airut.dashboard.work import timeline_source
from airut.errors import AirutError, CensusUnavailable
from airut.models.base import Model
from airut.models.login import Role
from airut.models.tasks.progress import RunProgress
from airut.models.telemetry.spans import trace_of
from airut.models.threads.steering import TaskStatus
from airut.ports.recordings import Recording
from airut.ports.task_records import TaskDetail
from airut.ports.thread_directory import DirectoryUnavailable


class Present(Model):
    """What is known of a task now."""

    detail: TaskDetail | None = None
    status: TaskStatus | None = None
    run: RunProgress | None = None
    away: str = ""
    traced: bool = False

    @property
    def trace(self) -> str:
        """The id of its trace, where traces are kept."""
        known = self.detail.input if self.detail is not None and self.traced else None
        return trace_of(known.messages[0].key) if known is not None else ""

    @property
    def is_open(self) -> bool:
        return self.detail is not None and self.detail.ended_at is None

    @property
    def step(self) -> str:
        """Where it is, in words."""
        if self.detail is None:
            return ""
        result = self.detail.result
        if result is not None:
            return str(result.outcome)
        return str(self.status.step) if self.status else self.detail.state

    @property
    def line(self) -> str:
        """What it does right now, for whoever follows it."""
        parts = [
            self.step.replace("_", " "),
            self.status.detail if self.status else "",
            self.run.step if self.run else "",
        ]
        return " · ".join(part for part in parts if part)


async def task(visit: Visit) -> Response:
    id_, number = visit.path("id"), int(visit.path("n"))
    now = await _present(visit, id_, number)
    source = await timeline_source(visit.ports, id_, number, now.detail)
    if now.detail is None and not now.away and not source.recording.sandboxes:
        raise Problem(404, f"{id_} has no task {number}, or nothing is kept of it any more.")
    if visit.query.get("fragment") == "tail":
        return await _tail(visit, now, source.recording)
    cursor = Cursor.parse(visit.query.get("before", ""))
    chunk, tampered = await _chunk(
        lambda: before(source.recording, cursor, _redact(visit)) if cursor else newest(source.recording, _redact(visit))
    )
    messages: tuple[Said, ...] = ()
    if now.detail and now.detail.input:
        messages = await messages_of(visit.ports, now.detail.input.messages)
    return visit.page(
        "task.html",
        **_given(visit, now),
        messages=messages,
        chunk=chunk,
        tampered=tampered,
        kept=source.kept,
        live=now.is_open and cursor is None,
        seen=_mark(now.line),
        is_newest=cursor is None,
        key=form_key(),
        temporal=temporal_link(visit, f"{id_}/task-{number}"),
        topics=(f"task:{id_}/task-{number}",) if now.is_open and cursor is None else (),
    )


async def entry(visit: Visit) -> Response:
    """One entry of the timeline, uncut."""
    id_, number, place = visit.path("id"), int(visit.path("n")), Place.parse(visit.path("place"))
    now = await _present(visit, id_, number)
    source = await timeline_source(visit.ports, id_, number, now.detail)
    found = None
    if place is not None:
        try:
            found = await asyncio.to_thread(whole, source.recording, place, _redact(visit))
        except AirutError as error:
            raise Problem(409, f"{error}.") from None
    if found is None:
        raise Problem(404, "There is no such step in this task, or it is not kept any more.")
    return visit.page("entry.html", path=path_of(id_), id=id_, number=number, entry=found)


async def _tail(visit: Visit, now: Present, recording: Recording) -> Response:
    """What has come since the page was made, or the tail before; nothing where nothing has."""
    start = Cursor.parse(visit.query.get("after", ""))
    if start is None:
        raise Problem(422, "`after` says where the page ends, such as 1-2048.")
    chunk, tampered = await _chunk(lambda: after(recording, start, _redact(visit)))
    seen = _mark(now.line)
    if now.is_open and not chunk.entries and not tampered and seen == visit.query.get("seen"):
        return Response(status_code=204)
    response = visit.whole_page(
        "task_tail.html",
        **_given(visit, now),
        chunk=chunk if chunk.entries else chunk.model_copy(update={"behind": start}),
        tampered=tampered,
        live=now.is_open or bool(chunk.entries),
        seen=seen,
        key=form_key(),
    )
    if chunk.entries:  # there may be more of it than one answer holds
        response.headers["HX-Trigger-After-Settle"] = "more"
    return response


def _given(visit: Visit, now: Present) -> dict[str, Any]:
    id_, number = visit.path("id"), int(visit.path("n"))
    return {"path": path_of(id_), "id": id_, "number": number, "now": now, "operator": visit.may(Role.OPERATOR)}


async def _present(visit: Visit, id_: str, number: int) -> Present:
    config = visit.ports.config()
    traced = config is not None and config.telemetry.otlp_endpoint is not None
    try:
        detail = await visit.ports.tasks.detail(id_, number)
        if detail is None or detail.ended_at is not None:
            return Present(detail=detail, traced=traced)
        status, run = await asyncio.gather(
            visit.ports.tasks.status(id_, number), visit.ports.progress.of(f"{id_}/task-{number}")
        )
        return Present(detail=detail, status=status, run=run, traced=traced)
    except (DirectoryUnavailable, CensusUnavailable) as error:
        return Present(away=f"Temporal does not answer: {error}")


async def _chunk(read: Callable[[], Chunk]) -> tuple[Chunk, str]:
    """A part of the timeline, or why there is none."""
    try:
        return await asyncio.to_thread(read), ""
    except AirutError as error:
        return Chunk(behind=Cursor(sandbox=1, offset=0)), f"{error}."


def _redact(visit: Visit) -> Callable[[bytes], bytes]:
    config = visit.ports.config()
    return config.redactor.data if config is not None else bytes


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


PAGES = (
    Page("/threads/{id:path}/tasks/{n:int}/steps/{place}", entry, Role.VIEWER),
    Page("/threads/{id:path}/tasks/{n:int}", task, Role.VIEWER),
)

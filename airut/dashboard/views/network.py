"""What a thread's sandboxes asked the network for, and the rules that would allow what was refused."""

import asyncio

from starlette.responses import Response

from airut.dashboard.access_log import Asked, asked, refused
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.views.thread import path_of
from airut.dashboard.work import access_log
from airut.models.login import Role
from airut.ports.thread_directory import DirectoryUnavailable

ROWS = 500
"""Of the newest requests; `airut task logs --network` prints all."""


async def network(visit: Visit) -> Response:
    id_, chosen, kind = visit.path("id"), visit.query.get("task", ""), visit.query.get("show", "")
    away = ""
    numbers: tuple[int, ...] = ()
    try:
        numbers = tuple(row.number for row in await visit.ports.tasks.tasks(id_))
    except DirectoryUnavailable as error:
        away = f"Temporal does not answer: {error}"
    number = int(chosen) if chosen.isdecimal() and len(chosen) < 10 else max(numbers, default=0)
    if not numbers and not away:
        raise Problem(404, f"No thread {id_} has a task here.")
    detail = None
    if number and not away:
        detail = await visit.ports.tasks.detail(id_, number)
    log = await access_log(visit.ports, id_, number, detail)
    rows = await asyncio.to_thread(requests_of, visit, log)
    shown = tuple(row for row in rows if kind != "blocked" or row.verdict == "blocked")
    return visit.page(
        "network.html", id=id_, path=path_of(id_), number=number, numbers=numbers, away=away, kind=kind,
        refused=refused(rows), rows=shown[-ROWS:], left=max(0, len(shown) - ROWS), total=len(rows),
    )  # fmt: skip


def requests_of(visit: Visit, log: bytes) -> tuple[Asked, ...]:
    config = visit.ports.config()
    lines = (config.redactor.data(log) if config else log).split(b"\n")
    return tuple(row for line in lines if (row := asked(line)) is not None)


PAGES = (Page("/threads/{id:path}/network", network, Role.VIEWER),)

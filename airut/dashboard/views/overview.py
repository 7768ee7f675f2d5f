"""The first page: repositories, and what their threads do."""

from starlette.responses import Response

from airut.dashboard.pages import Page, Visit
from airut.models.login import Role
from airut.ports.thread_directory import DirectoryUnavailable, ThreadFilter, ThreadPage

RECENT = 20
"""Threads on the first page: what fits on a screen. A repository's page has all."""


async def overview(visit: Visit) -> Response:
    config = visit.ports.config()
    away, recent = "", ThreadPage(rows=())
    counts: dict[str, int] = {}
    try:
        counts = await visit.ports.threads.counts()
        recent = await visit.ports.threads.threads(ThreadFilter(), limit=RECENT)
    except DirectoryUnavailable as error:
        away = str(error)
    return visit.page(
        "overview.html", repos=config.repos if config else {}, configured=config is not None,
        counts=counts, recent=recent.rows, away=away, topics=("threads",),
    )  # fmt: skip


PAGES = (Page("/", overview, Role.VIEWER, nav="Overview"),)

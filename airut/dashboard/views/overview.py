"""The first page: repositories, and what their threads do."""

from starlette.responses import Response

from airut.dashboard.budgets import BudgetShare, budget_shares
from airut.dashboard.channels import channels_of
from airut.dashboard.configuration import troubles
from airut.dashboard.pages import Page, Visit
from airut.dashboard.waiting import Queue, queue
from airut.models.login import Role
from airut.ports.host_directory import HostRow
from airut.ports.thread_directory import DirectoryUnavailable, ThreadFilter, ThreadPage

BLOCKED = 10
"""What waits, on the first page; /queue has all."""

RECENT = 20
"""Threads on the first page: what fits on a screen. A repository's page has all."""


async def overview(visit: Visit) -> Response:
    ports, config = visit.ports, visit.ports.config()
    away, recent, waiting = "", ThreadPage(rows=()), Queue(entries=())
    hosts: tuple[HostRow, ...] = ()
    counts: dict[str, int] = {}
    budgets: dict[str, tuple[BudgetShare, ...]] = {}
    try:
        if visit.wants("threads"):
            counts = await ports.threads.counts()
            recent = await ports.threads.threads(ThreadFilter(), limit=RECENT)
        if visit.wants("hosts"):
            hosts = await ports.hosts.hosts()
        if visit.wants("blocked"):
            waiting = await queue(ports)
        if visit.wants("repos") and config is not None:
            budgets = {name: await budget_shares(ports, config, name) for name in config.repos}
    except DirectoryUnavailable as error:
        away = str(error)
    reports, now = ports.health.reports(), ports.clock()
    repos = config.repos if config else {}
    return visit.page(
        "overview.html",
        repos=repos,
        channels={name: channels_of(name, repo, reports, now) for name, repo in repos.items()},
        budgets=budgets,
        configured=config is not None,
        counts=counts,
        recent=recent.rows,
        hosts=hosts,
        blocked=[entry for entry in waiting.entries if entry.waits][:BLOCKED],
        troubles=troubles(ports.generations()),
        away=away,
        topics=("threads", "health", "hosts", "queue", "configuration"),
    )


PAGES = (Page("/", overview, Role.VIEWER, nav="Overview"),)

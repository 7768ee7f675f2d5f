"""The first page: repositories, and what their threads do."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from airut.dashboard.budgets import BudgetShare, budget_shares
from airut.dashboard.channels import channels_of
from airut.dashboard.configuration import troubles
from airut.dashboard.pages import Page, Visit
from airut.dashboard.waiting import FOR_A_PAGE, Queue, queue
from airut.models.login import Role
from airut.ports.host_directory import HostRow
from airut.ports.thread_directory import DirectoryUnavailable, ThreadPage

BLOCKED = 10
"""What waits, on the first page; /queue has all."""


async def overview(visit: Visit) -> Response:
    ports, config = visit.ports, visit.ports.config()
    glance, fresh = ports.glance, visit.of_a_part
    away: list[str] = []

    async def looked[T](part: str, look: Callable[[], Awaitable[T]], nothing: T) -> T:
        try:
            return await look() if visit.wants(part) else nothing
        except DirectoryUnavailable as error:
            away.append(str(error))
            return nothing

    async def budgets() -> dict[str, tuple[BudgetShare, ...]]:
        return {name: await budget_shares(ports, config, name) for name in config.repos} if config else {}

    async def blocked() -> Queue:
        return await queue(ports.answers, await glance.under_way.get(fresh=fresh), FOR_A_PAGE)

    no_counts: dict[str, int] = {}
    no_hosts: tuple[HostRow, ...] = ()
    no_budgets: dict[str, tuple[BudgetShare, ...]] = {}
    counts, recent, hosts, waiting, shares = await asyncio.gather(
        looked("threads", lambda: glance.counts.get(fresh=fresh), no_counts),
        looked("threads", lambda: glance.recent.get(fresh=fresh), ThreadPage(rows=())),
        looked("hosts", lambda: glance.hosts.get(fresh=fresh), no_hosts),
        looked("blocked", blocked, Queue(entries=())),
        looked("repos", budgets, no_budgets),
    )
    reports, now = ports.health.reports(), ports.clock()
    repos = config.repos if config else {}
    return visit.page(
        "overview.html",
        repos=repos,
        channels={name: channels_of(name, repo, reports, now) for name, repo in repos.items()},
        budgets=shares,
        configured=config is not None,
        counts=counts,
        recent=recent.rows,
        hosts=hosts,
        blocked=[entry for entry in waiting.entries if entry.waits][:BLOCKED],
        troubles=troubles(ports.generations()),
        away=away[0] if away else "",
        topics=("threads", "health", "hosts", "queue", "configuration"),
    )


PAGES = (Page("/", overview, Role.VIEWER, nav="Overview"),)

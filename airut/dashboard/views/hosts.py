"""Sandbox hosts: whether they serve, what is pinned to them, and their disks."""

from starlette.responses import Response

from airut.dashboard.channels import host_health
from airut.dashboard.pages import Page, Visit
from airut.models.login import Role
from airut.ports.thread_directory import ThreadFilter

PINNED = 50
"""Threads that are named for one host; the rest is counted."""


async def show(visit: Visit) -> Response:
    ports = visit.ports
    rows, reports, now = await ports.hosts.hosts(), ports.health.reports(), ports.clock()
    found = [(row, host_health(row.host, reports, now)) for row in rows]
    return visit.page("hosts.html", hosts=found, topics=("hosts",))


async def one(visit: Visit) -> Response:
    """The threads whose workspace lies on a host."""
    name = visit.path("host")
    page = await visit.ports.threads.threads(ThreadFilter(host=name), visit.query.get("after", ""), PINNED)
    return visit.page("host.html", host=name, page=page)


PAGES = (
    Page("/hosts", show, Role.VIEWER, nav="Hosts"),
    Page("/hosts/{host}", one, Role.VIEWER),
)

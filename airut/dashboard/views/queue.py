"""What waits, and why."""

from starlette.responses import Response

from airut.dashboard.pages import Page, Visit
from airut.dashboard.waiting import FOR_A_PAGE, queue
from airut.models.login import Role


async def show(visit: Visit) -> Response:
    listed = await visit.ports.glance.under_way.get(fresh=visit.of_a_part)
    return visit.page("queue.html", queue=await queue(visit.ports.answers, listed, FOR_A_PAGE), topics=("queue",))


PAGES = (Page("/queue", show, Role.VIEWER, nav="Queue"),)

"""Whether this process lives, and whether the installation can work: for load balancers and watchdogs, without data."""

from starlette.responses import JSONResponse, PlainTextResponse, Response

from airut.dashboard.pages import Page, Visit
from airut.ports.thread_directory import DirectoryUnavailable


async def alive(_: Visit) -> Response:
    return PlainTextResponse("ok\n")


async def ready(visit: Visit) -> Response:
    failing = await _failing(visit)
    return JSONResponse({"ready": not failing, "failing": failing}, 503 if failing else 200)


async def _failing(visit: Visit) -> list[str]:
    """Names of checks, and nothing of what they found: nobody has logged in here."""
    ports, failing = visit.ports, []
    if ports.config() is None or any(report.generation.error for report in ports.generations()):
        failing.append("configuration")
    try:
        if not await ports.hosts.control_polls():
            failing.append("control worker")
        if not any(host.polled_s is not None for host in await ports.hosts.hosts()):
            failing.append("sandbox host")
    except DirectoryUnavailable:
        failing.append("temporal")
    return failing


PAGES = (Page("/healthz", alive, None, bare=True), Page("/readyz", ready, None, bare=True))

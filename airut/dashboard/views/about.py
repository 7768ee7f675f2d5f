"""What runs here, in which version."""

import platform
from importlib.metadata import version

from starlette.responses import Response

from airut.dashboard.pages import Page, Visit
from airut.models.login import Role

LIBRARIES = ("temporalio", "starlette", "pydantic", "podman")


async def about(visit: Visit) -> Response:
    versions = {"Airut": version("airut-temporal"), "Python": platform.python_version()}
    versions |= {name: version(name) for name in LIBRARIES}
    return visit.page(
        "about.html",
        versions=versions,
        system=f"{platform.system()} {platform.release()}",
        processes=visit.ports.generations(),
    )


PAGES = (Page("/about", about, Role.VIEWER, nav="About"),)

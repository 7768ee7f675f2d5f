"""The dashboard as a web application: every page of the registry, behind one guard."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from airut.dashboard.access import VISIT, Access, Doors, new_visit
from airut.dashboard.cross_origin import ui_origins
from airut.dashboard.guard import BodyTooLarge, Guard
from airut.dashboard.live import Hub
from airut.dashboard.origin import SAFE_METHODS
from airut.dashboard.pages import Page, Visit, verified
from airut.dashboard.ports import Ports
from airut.dashboard.problem import Problem, problem_document
from airut.dashboard.registry import PAGES
from airut.dashboard.static_files import OurFiles
from airut.dashboard.templating import templates
from airut.dashboard.topics import sources
from airut.models.login import Login, Role
from airut.ports.thread_directory import DirectoryUnavailable

log = logging.getLogger("airut.dashboard")

NOBODY = Login(actor="nobody", role=Role.VIEWER)

YEAR = 365 * 86400


def create_app(ports: Ports, pages: Sequence[Page] = PAGES, live: Hub | None = None) -> ASGIApp:
    """The whole application. Whoever wants its streams to end with the process hands in their hub, and closes it."""
    site = _Site(ports, pages, live or Hub(sources(ports)))
    routes = [Route(page.path, site.endpoint(page), methods=[page.method]) for page in pages]
    app = Starlette(
        routes=[*routes, Mount("/static", OurFiles())],
        exception_handlers={HTTPException: site.not_routed},
    )
    return Guard(app, ports.settings, lambda: ui_origins(ports.config()))


class _Site:
    """What all pages share: who may see them is decided here, for every one."""

    def __init__(self, ports: Ports, pages: Sequence[Page], live: Hub) -> None:
        self._ports = ports
        self._live = live
        self._doors = Doors(ports.logins, ports.attempts)
        self._templates = templates()
        self._pages = tuple(pages)

    def endpoint(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return await self._respond(page, request)
            except Problem as problem:
                return self._refusal(page.bare, request, problem)
            except DirectoryUnavailable as error:
                return self._refusal(page.bare, request, Problem(503, f"Temporal does not answer: {error}"))
            except BodyTooLarge:
                return self._refusal(page.bare, request, Problem(413, "This is too large."))
            except HTTPException as error:  # Starlette's own, of a form that cannot be read
                return self._refusal(page.bare, request, Problem(error.status_code, error.detail))
            except Exception:  # process boundary: one page's fault is not another's, and nobody is shown a trace
                log.exception("%s %s failed", page.method, page.path)
                return self._refusal(
                    page.bare, request, Problem(500, "This page has a fault of its own; the dashboard's log names it.")
                )

        return endpoint

    async def not_routed(self, request: Request, error: Exception) -> Response:
        """No page has this path, or none with this method."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        words = "There is no such page." if status == 404 else "This page cannot be asked in this way."
        return self._refusal(request.url.path.startswith("/api/"), request, Problem(status, words))

    async def _respond(self, page: Page, request: Request) -> Response:
        access = Access(login=None)
        if page.role is not None:
            access = self._doors.access(request, self._ports.settings())
            if access.login is None:
                return self._to_login(page, request)
            if not access.login.role.covers(page.role):
                raise Problem(403, f"Your role is {access.login.role}; this needs {page.role}.")
        visit = self._visit(request, access.login or NOBODY)
        if page.method not in SAFE_METHODS and not access.bearer and not page.origin_only:
            await verified(request)
        return self._remembered(request, visit, await page.view(visit))

    def _to_login(self, page: Page, request: Request) -> Response:
        if page.bare:
            raise Problem(401, "Log in, or send an API token.", {"WWW-Authenticate": "Bearer"})
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if page.method not in SAFE_METHODS or "fragment" in request.query_params:
            asked = "/"
        # Of a part of a page, htmx follows no redirect into it: the whole page goes to the login.
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": "/login"})
        return RedirectResponse(f"/login?next={quote(asked)}", 303)

    def _visit(self, request: Request, login: Login) -> Visit:
        visit = request.cookies.get(VISIT, "") or new_visit()
        return Visit(
            request, self._ports, login, self._templates, self._pages, visit, self._doors, self._live, self._live.now
        )

    def _remembered(self, request: Request, visit: Visit, response: Response) -> Response:
        if request.cookies.get(VISIT) != visit.visit:
            response.set_cookie(
                VISIT, visit.visit, max_age=YEAR, httponly=True, samesite="strict", secure=request.state.caller.https
            )
        return response

    def _refusal(self, bare: bool, request: Request, problem: Problem) -> Response:
        if bare:
            return problem_document(problem, request.url.path)
        try:
            login = self._doors.access(request, self._ports.settings()).login
        except Problem:
            login = None
        visit = self._visit(request, login or NOBODY)
        response = visit.whole_page("problem.html", problem.status, problem=problem, known=login is not None)
        response.headers.update(problem.headers)
        return self._remembered(request, visit, response)

"""What a page is: a path, a view, and who may see it. Every route of the dashboard is one of these."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from airut.config.schema import Config
from airut.dashboard.access import SESSION, VISIT, Doors, form_token, is_form_token
from airut.dashboard.live import Hub
from airut.dashboard.operation import Operation
from airut.dashboard.ports import Ports
from airut.dashboard.problem import Problem
from airut.models.login import Login, Role

THEME = "airut_theme"
THEMES = ("auto", "light", "dark")

FORM_FIELDS = 2000
"""Fields of one form: the configuration of many repositories has some hundred."""


@dataclass(frozen=True)
class Visit:
    """One request for one page, by somebody who may make it."""

    request: Request
    ports: Ports
    login: Login
    """Whoever has not logged in has the name `nobody`, and gets to open pages only."""
    pages: Environment
    all: tuple["Page", ...]
    """Every page that there is."""
    visit: str
    """The value of the browser's own cookie, which its form tokens follow from."""
    doors: Doors
    live: Hub
    seen: str
    """What of the events was known when this request came."""

    @property
    def config(self) -> Config:
        """
        Raises:
            Problem: there is no configuration yet.
        """
        found = self.ports.config()
        if found is None:
            raise Problem(409, "There is no configuration yet; the first page helps to write one.")
        return found

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    async def form(self) -> FormData:
        """The fields of a form; its token was looked at before."""
        return await self.request.form(max_fields=FORM_FIELDS)

    def may(self, role: Role | str) -> bool:
        return self.login.role.covers(Role(role))

    @property
    def token(self) -> str:
        """The value of the hidden field `csrf` of every form."""
        return form_token(self.visit, self.request.cookies.get(SESSION, ""))

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """The page of a template; with `?fragment=name` only its block of that name, for what changes in place.

        Raises:
            Problem: it has no such block.
        """
        found = self.pages.get_template(template)
        name = self.query.get("fragment")
        if name is None:
            return self.whole_page(template, status, **values)
        if name not in found.blocks:
            raise Problem(404, "This page has no such part.")
        return HTMLResponse("".join(found.blocks[name](found.new_context(self._given(values)))), status)

    def whole_page(self, template: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self.pages.get_template(template).render(self._given(values)), status)

    def _given(self, values: dict[str, Any]) -> dict[str, Any]:
        common = {
            "visit": self,
            "login": self.login,
            "theme": self.theme,
            "nav": tuple(page for page in self.all if page.nav),
            "topics": (),
        }
        return {**common, **values}

    def wants(self, part: str) -> bool:
        """Whether this block is to be shown: on the whole page, and where it is asked for alone."""
        return self.query.get("fragment", part) == part

    @property
    def of_a_part(self) -> bool:
        """Whether a part is asked for alone: because something in it is new."""
        return "fragment" in self.query

    def part(self, name: str) -> str:
        """The address of a block of this page as it is now asked for, filters included: for `hx-get`."""
        return str(self.request.url.include_query_params(fragment=name).replace(scheme="", netloc=""))

    def back(self, path: str) -> Response:
        """After a form: the page that shows what has become of it. `path` is one of ours."""
        return RedirectResponse(path, 303)

    @property
    def here(self) -> str:
        """This page, for a form that leads back to it; what came of a form is not asked for again."""
        url = self.request.url
        if self.request.method != "GET":
            return "/"
        return url.path + (f"?{url.query}" if url.query else "")

    def is_at(self, path: str) -> bool:
        """Whether this page is that one, or lies below it."""
        here = self.request.url.path
        return here == path or (path != "/" and here.startswith(f"{path}/"))

    @property
    def theme(self) -> str:
        chosen = self.request.cookies.get(THEME, "auto")
        return chosen if chosen in THEMES else "auto"


View = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    path: str
    """As Starlette writes it: `/threads/{id:path}`."""
    view: View
    role: Role | None
    """The least one that may see it; None lets everybody in, without login."""
    method: str = "GET"
    nav: str = ""
    """Its name in the header; empty keeps it out of there."""
    bare: bool = False
    """Whether it is for programs: errors are documents, and nobody is sent to the login page."""
    api: Operation | None = None
    """How it is described to programs; it is then for them."""

    def __post_init__(self) -> None:
        if self.api is not None:
            object.__setattr__(self, "bare", True)

    origin_only: bool = False
    """Of one that changes nothing for all that it is posted to: its origin is looked at, and no form token."""


async def verified(request: Request) -> None:
    """That a form was made by a page of ours.

    Raises:
        Problem: its token is missing or another browser's.
    """
    shown = request.headers.get("x-csrf-token", "")
    if not shown and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        field = (await request.form(max_fields=FORM_FIELDS)).get("csrf", "")
        shown = field if isinstance(field, str) else ""
    if not is_form_token(shown, request.cookies.get(VISIT, ""), request.cookies.get(SESSION, "")):
        words = "This form is not from a page of this session. Reload the page, and send it again"
        raise Problem(403, f"{words}; programs send an API token.")

"""Logging in and out, and the choice of light or dark."""

from urllib.parse import urlsplit

from starlette.responses import Response

from airut.dashboard.access import SESSION
from airut.dashboard.pages import THEME, THEMES, Page, Visit
from airut.dashboard.problem import Problem
from airut.models.login import SESSION_LIFE, Login, Role
from airut.models.telemetry.audit import AuditAction, AuditEvent, Detail
from airut.ports.audit import note

YEAR = 365 * 86400


async def ask(visit: Visit) -> Response:
    """The login form. A one-time link leads here with its value: only a click uses it up, since programs that look at
    links in messages open them too."""
    return visit.page(
        "login.html", key=visit.query.get("key", ""), next=own_path(visit.query.get("next", "/")), wrong=False
    )


async def enter(visit: Visit) -> Response:
    form = await visit.form()
    shown, after = str(form.get("key", "")), own_path(str(form.get("next", "/")))
    cookie = visit.doors.begin(visit.request, shown)
    login = visit.ports.logins.of_session(cookie) if cookie else None
    await _record(visit, login)
    if cookie is None:
        return visit.page("login.html", 401, key="", next=after, wrong=True)
    response = visit.back(after)
    https = visit.request.state.caller.https
    response.set_cookie(
        SESSION, cookie, max_age=int(SESSION_LIFE), httponly=True, samesite="strict", secure=https, path="/"
    )
    return response


async def _record(visit: Visit, login: Login | None) -> None:
    """Who has come in, and from where; None is somebody who has not."""
    action = AuditAction.LOGIN if login else AuditAction.LOGIN_REFUSED
    detail: dict[str, Detail] = {"address": visit.request.state.caller.address}
    if login is not None:
        detail["role"] = str(login.role)
    event = AuditEvent(actor=login.actor if login else "nobody", action=action, object="dashboard", detail=detail)
    await note(visit.ports.trail, event)


async def leave(visit: Visit) -> Response:
    visit.doors.end(visit.request)
    gone = AuditEvent(actor=visit.login.actor, action=AuditAction.LOGOUT, object="dashboard")
    await note(visit.ports.trail, gone)
    response = visit.back("/login")
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="strict", secure=visit.request.state.caller.https)
    return response


async def theme(visit: Visit) -> Response:
    form = await visit.form()
    chosen = str(form.get("theme", ""))
    if chosen not in THEMES:
        raise Problem(422, f"A theme is one of {', '.join(THEMES)}.")
    response = visit.back(own_path(str(form.get("next", "/"))))
    response.set_cookie(THEME, chosen, max_age=YEAR, httponly=True, samesite="strict")
    return response


def own_path(given: str) -> str:
    """A path of ours, or the first page: nobody is led elsewhere by a link to us."""
    parts = urlsplit(given)
    plain = given.isprintable() and not parts.scheme and not parts.netloc and "\\" not in given
    return given if plain and given.startswith("/") and not given.startswith("//") else "/"


PAGES = (
    Page("/login", ask, role=None),
    Page("/login", enter, role=None, method="POST"),
    Page("/logout", leave, role=Role.VIEWER, method="POST"),
    Page("/theme", theme, role=None, method="POST"),
)

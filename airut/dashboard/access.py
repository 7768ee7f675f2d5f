"""Who makes a request: by session, API token, trusted proxy, or because nobody has to log in here."""

import hashlib
import hmac
import secrets

from starlette.requests import Request

from airut.config.dashboard_settings import DashboardSettings
from airut.dashboard.attempts import Attempts
from airut.dashboard.origin import Caller
from airut.dashboard.problem import Problem
from airut.models.base import Model
from airut.models.login import Login, Role
from airut.ports.logins import Logins

SESSION = "airut_session"
VISIT = "airut_visit"
"""A cookie that every browser gets: the token of our forms follows from it, so that no other page can make one."""

LOCAL = Login(actor="local", role=Role.ADMIN)
"""Whoever uses a dashboard without login: somebody on this machine."""


class Access(Model):
    """`login` is None where somebody has to log in first."""

    login: Login | None
    bearer: bool = False
    """By an API token in a header. No page elsewhere can send that, so it needs no form token."""


class Doors:
    """Lets people and programs in."""

    def __init__(self, logins: Logins, attempts: Attempts) -> None:
        self._logins = logins
        self._attempts = attempts

    def access(self, request: Request, settings: DashboardSettings) -> Access:
        """
        Raises:
            Problem: the token is none of ours (401), or too many were tried (429).
        """
        caller: Caller = request.state.caller
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            self.may_try(caller.address)
            login = self._logins.of_token(value.strip())
            if login is None:
                self._attempts.failed(caller.address)
                raise Problem(401, "This token is not known here, or was revoked.", {"WWW-Authenticate": "Bearer"})
            return Access(login=login, bearer=True)
        if (cookie := request.cookies.get(SESSION)) and (login := self._logins.of_session(cookie)):
            return Access(login=login)
        if caller.user is not None:
            return Access(login=Login(actor=f"proxy:{caller.user}", role=caller.role))
        return Access(login=None if settings.wants_login else LOCAL)

    def begin(self, request: Request, shown: str) -> str | None:
        """A new session's cookie for a link's or token's value; None where it is none.

        Raises:
            Problem: too many were tried from there.
        """
        address = request.state.caller.address
        self.may_try(address)
        cookie = self._logins.begin(shown.strip())
        if cookie is None:
            self._attempts.failed(address)
        return cookie

    def end(self, request: Request) -> None:
        if cookie := request.cookies.get(SESSION):
            self._logins.end(cookie)

    def may_try(self, address: str) -> None:
        if wait := self._attempts.wait(address):
            seconds = int(wait) + 1
            raise Problem(
                429,
                f"Too many failed logins from here. Try again in {seconds // 60 + 1} minutes.",
                {"Retry-After": str(seconds)},
            )


def new_visit() -> str:
    return secrets.token_urlsafe(24)


def form_token(visit: str, session: str) -> str:
    """What a form of ours carries. Another site's page can have a browser send the cookies, but cannot read them."""
    return hashlib.sha256(f"airut form\0{visit}\0{session}".encode()).hexdigest()


def is_form_token(shown: str, visit: str, session: str) -> bool:
    return bool(visit) and hmac.compare_digest(shown.encode(), form_token(visit, session).encode())

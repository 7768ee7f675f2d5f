"""A dashboard with login, and programs of each role."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from airut.models.login import Role
from tests.support.dashboard import ORIGIN, Served

Program = Callable[[Role], httpx.AsyncClient]


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served.at(tmp_path, auth="token")


@pytest.fixture
def program(served: Served) -> Program:
    """What sends its token with each request, and is no browser."""

    def of(role: Role) -> httpx.AsyncClient:
        made = served.browser(ORIGIN)
        del made.headers["sec-fetch-site"]
        made.headers["authorization"] = f"Bearer {served.logins.new_token(f'p-{role}', role)}"
        return made

    return of

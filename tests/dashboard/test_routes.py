"""What holds for every page of the registry, also for the next one that somebody adds."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from airut.dashboard.headers import ALWAYS
from airut.dashboard.origin import SAFE_METHODS
from airut.dashboard.pages import Page
from airut.dashboard.registry import PAGES
from airut.models.login import Role
from tests.support.dashboard import Served, form

FILE = b"the log of the log-in"
PARAMETERS = {
    "{repo}": "web",
    "{host}": "box",
    "{id:path}": "web/console/abc",
    "{n:int}": "1",
    "{name}": "name",
    "{place}": "1-0-0",
    "{digest}": hashlib.sha256(FILE).hexdigest(),
}


def path_of(page: Page) -> str:
    path = page.path
    for parameter, value in PARAMETERS.items():
        path = path.replace(parameter, value)
    assert "{" not in path, f"add a value for the parameter of {page.path} here"
    return path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """One for all pages: none of these tests gets as far as changing something."""
    return Served.at(tmp_path_factory.mktemp("state"), auth="token")


@pytest.fixture(scope="module")
async def browsers(served: Served) -> Mapping[Role, httpx.AsyncClient]:
    """Somebody of each role."""
    return {role: await served.logged_in(role) for role in Role}


@pytest.fixture(scope="module")
def stranger(served: Served) -> httpx.AsyncClient:
    return served.browser()


def name_of(page: Page) -> str:
    return f"{page.method} {page.path}"


CLOSED = [page for page in PAGES if page.role is not None]
POSTED = [page for page in PAGES if page.method not in SAFE_METHODS]
CHANGING = [page for page in POSTED if not page.origin_only]


def test_what_everybody_may_see_is_listed_here() -> None:
    """A page without a role is a decision: it is open to whoever reaches the port."""
    assert {name_of(page) for page in PAGES if page.role is None} == {
        *("GET /login", "POST /login", "POST /theme"),
        *("GET /healthz", "GET /readyz"),  # they tell names of checks
    }


def test_what_takes_posts_without_a_form_token_is_listed_here() -> None:
    """They change nothing."""
    assert {name_of(page) for page in PAGES if page.origin_only} == {"POST /codec/decode", "POST /codec/encode"}


def test_no_two_pages_have_one_address() -> None:
    names = [name_of(page) for page in PAGES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("page", CLOSED, ids=name_of)
async def test_nobody_sees_it_without_login(page: Page, stranger: httpx.AsyncClient) -> None:
    answer = await stranger.request(page.method, path_of(page))
    if page.bare:
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    else:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?next=/")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("page", CLOSED, ids=name_of)
async def test_roles(page: Page, role: Role, browsers: Mapping[Role, httpx.AsyncClient]) -> None:
    """A role that is not enough is refused before anything else is looked at; one that is gets past that."""
    answer = await browsers[role].request(page.method, path_of(page))
    assert page.role is not None
    refused = answer.status_code == 403 and f"Your role is {role}; this needs {page.role}." in answer.text
    assert refused is not role.covers(page.role)


@pytest.mark.parametrize("page", CHANGING, ids=name_of)
async def test_nothing_is_changed_without_a_form_of_ours(
    page: Page, browsers: Mapping[Role, httpx.AsyncClient]
) -> None:
    browser = browsers[Role.ADMIN]
    for given in ({}, {"csrf": "0" * 64}):
        answer = await browser.request(page.method, path_of(page), data=given)
        assert (answer.status_code, "Reload the page" in answer.text) == (403, True)


@pytest.mark.parametrize("page", POSTED, ids=name_of)
async def test_another_sites_page_cannot_have_it_done(page: Page, browsers: Mapping[Role, httpx.AsyncClient]) -> None:
    browser = browsers[Role.ADMIN]
    known = await form(browser, "/about")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {"Origin": "null"}):
        answer = await browser.request(page.method, path_of(page), data=known, headers=headers)
        assert (answer.status_code, answer.text) == (
            403,
            "This request comes from another site's page, and is not carried out.\n",
        )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
async def test_a_name_that_was_made_to_point_here_shows_nothing(page: Page, stranger: httpx.AsyncClient) -> None:
    """DNS rebinding: a page elsewhere, whose own name leads to this machine a moment later."""
    for host in ("evil.test:5200", "127.0.0.1.evil.test", ""):
        answer = await stranger.request(page.method, path_of(page), headers={"Host": host})
        assert (answer.status_code, host in answer.text if host else False) == (400, False)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
async def test_every_answer_says_what_the_browser_must_not_do(page: Page, stranger: httpx.AsyncClient) -> None:
    for host in ("127.0.0.1:5200", "evil.test"):
        answer = await stranger.request(page.method, path_of(page), headers={"Host": host})
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
        assert answer.headers["cache-control"] == "no-store"


async def test_what_is_not_there_is_said_in_a_page(tmp_path: Path) -> None:
    browser = Served.at(tmp_path).browser()
    missing, wrong = await browser.get("/nothing"), await browser.request("DELETE", "/about")
    assert (missing.status_code, "There is no such page." in missing.text) == (404, True)
    assert (wrong.status_code, "cannot be asked in this way" in wrong.text) == (405, True)
    part = await browser.get("/about?fragment=nothing")
    assert (part.status_code, "This page has no such part." in part.text) == (404, True)


async def test_a_page_without_session_has_htmx_leave_the_whole_page(tmp_path: Path) -> None:
    answer = await Served.at(tmp_path, auth="token").browser().get("/about", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


async def test_files_of_ours_are_kept_by_browsers_and_held_to_the_same_rules(tmp_path: Path) -> None:
    browser = Served.at(tmp_path, auth="token").browser()
    page = (await browser.get("/login")).text
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = await browser.get(sheet)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert (await browser.get("/static/../pages.py")).status_code == 404
    assert (await browser.get("/static/%2e%2e/pages.py")).status_code == 404

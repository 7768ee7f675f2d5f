"""Logging in and out, as a browser and as a program."""

from pathlib import Path

import pytest

from airut.dashboard.access import SESSION, VISIT
from airut.dashboard.views.entry import own_path
from airut.models.login import Role
from airut.models.telemetry.audit import AuditAction
from tests.support.dashboard import Served, form


async def test_a_one_time_link_opens_the_page_that_was_asked_for(tmp_path: Path) -> None:
    served = Served.at(tmp_path, auth="token")
    browser = served.browser()
    asked = await browser.get("/about?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/about%3Fx%3D1")

    key = served.logins.new_link("link:ann", Role.VIEWER)
    opened = await browser.get(f"/login?key={key}&next=/about%3Fx%3D1")
    assert opened.status_code == 200
    assert f'name="key" value="{key}"' in opened.text  # looking at it uses nothing up
    hidden = {"key": key, "next": "/about?x=1", **await form(browser)}
    entered = await browser.post("/login", data=hidden)
    assert (entered.status_code, entered.headers["location"]) == (303, "/about?x=1")
    cookie = next(value for value in entered.headers.get_list("set-cookie") if value.startswith(SESSION))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly", "max-age=604800", "path=/", "samesite=strict",
    }  # fmt: skip
    assert (await browser.get("/about")).status_code == 200

    other = served.browser()
    again = await other.post("/login", data={"key": key, **await form(other)})
    assert again.status_code == 401
    assert "Links work once" in again.text
    recorded = [(event.action, event.actor, event.detail) for event in served.trail.events]
    assert recorded == [
        (AuditAction.LOGIN, "link:ann", {"address": "127.0.0.1", "role": "viewer"}),
        (AuditAction.LOGIN_REFUSED, "nobody", {"address": "127.0.0.1"}),
    ]


async def test_logging_out_ends_the_session_and_not_only_the_cookie(tmp_path: Path) -> None:
    served = Served.at(tmp_path, auth="token")
    browser = await served.logged_in(Role.VIEWER)
    kept = browser.cookies[SESSION]
    left = await browser.post("/logout", data=await form(browser, "/about"))
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    browser.cookies.set(SESSION, kept)
    assert (await browser.get("/about")).status_code == 303


async def test_cookies_are_for_https_only_where_the_dashboard_is(tmp_path: Path) -> None:
    served = Served.at(tmp_path, auth="token", base_url="https://airut.example.org")
    browser = served.browser("https://airut.example.org")
    answer = await browser.get("/login")
    assert "; Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_tokens_let_programs_in_as_far_as_their_role(tmp_path: Path) -> None:
    served = Served.at(tmp_path, auth="token")
    token = served.logins.new_token("ci", Role.VIEWER)
    browser = served.browser()
    assert (await browser.get("/about", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    served.logins.revoke("ci")
    assert (await browser.get("/about", headers={"Authorization": f"Bearer {token}"})).status_code == 401


async def test_guessing_ends_after_ten_failures(tmp_path: Path) -> None:
    served = Served.at(tmp_path, auth="token")
    browser = served.browser()
    hidden = await form(browser)
    codes = [(await browser.post("/login", data={"key": f"guess {n}", **hidden})).status_code for n in range(12)]
    assert codes == [401] * 10 + [429] * 2
    right = {"key": served.logins.new_link("link:ann", Role.ADMIN), **hidden}
    refused = await browser.post("/login", data=right)
    assert (refused.status_code, 500 <= int(refused.headers["retry-after"]) <= 600) == (429, True)
    bearer = await browser.get("/about", headers={"Authorization": "Bearer guess"})
    assert bearer.status_code == 429


async def test_a_trusted_proxy_says_who_it_is(tmp_path: Path) -> None:
    claims = {"X-Forwarded-User": "ann", "X-Airut-Role": "operator"}
    trusted = Served.at(tmp_path, auth="token", trusted_proxies=["127.0.0.1/32"])
    assert "proxy:ann · operator" in (await trusted.browser().get("/about", headers=claims)).text
    distrusting = Served.at(tmp_path, auth="token")
    assert (await distrusting.browser().get("/about", headers=claims)).status_code == 303


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/repos/web?state=idle", "/repos/web?state=idle"),
        ("//evil.test/x", "/"),
        ("https://evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/a\r\nb", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_a_link_to_us_leads_nowhere_else(given: str, path: str) -> None:
    assert own_path(given) == path


async def test_the_theme_is_chosen_without_a_script(tmp_path: Path) -> None:
    browser = Served.at(tmp_path).browser()
    assert '<html lang="en" data-theme="auto">' in (await browser.get("/about")).text
    chosen = await browser.post("/theme", data={"theme": "dark", "next": "/about", **await form(browser, "/about")})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/about")
    assert '<html lang="en" data-theme="dark">' in (await browser.get("/about")).text
    odd = await browser.post("/theme", data={"theme": "pink", **await form(browser, "/about")})
    assert odd.status_code == 422


async def test_a_forms_token_is_one_browsers(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    one, other = served.browser(), served.browser()
    theirs = await form(other, "/about")
    await form(one, "/about")
    for fields in ({}, {"csrf": ""}, theirs):
        refused = await one.post("/theme", data={"theme": "dark", **fields})
        assert (refused.status_code, "Reload the page" in refused.text) == (403, True)
    one.cookies.delete(VISIT)
    assert (await one.post("/theme", data={"theme": "dark", **theirs})).status_code == 403

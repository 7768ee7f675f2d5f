"""Logging in by a one-time link, leaving, and choosing a theme."""

from functools import partial

from tests.dashboard.browser.conftest import link
from tests.support.browser import Browser
from tests.support.installation import Installation


async def test_a_one_time_link_lets_in_once_and_leaving_ends_it(browser: Browser, installation: Installation) -> None:
    browser.driver.delete_all_cookies()
    browser.open("/about")
    assert browser.path == "/login?next=/about"
    browser.shot("login")
    once = link(installation)
    browser.open(once)
    browser.click("main form button")
    await browser.shows("link:ann · admin")
    browser.click("form[action='/logout'] button")
    await browser.until(lambda: browser.path == "/login")
    browser.open(once)
    browser.click("main form button")
    await browser.shows("Links work once")
    browser.open("/")
    assert browser.path.startswith("/login")


async def test_a_theme_is_kept(browser: Browser) -> None:
    browser.look(dark=False)
    for theme, scheme in (("dark", "rgb(15, 17, 21)"), ("light", "rgb(247, 248, 250)"), ("auto", "rgb(247, 248, 250)")):
        button = f".themes button[value='{theme}']"
        browser.click(button)
        await browser.until(partial(browser.find, f"{button}[aria-pressed='true']"))
        colour = "return getComputedStyle(document.body).backgroundColor"
        assert browser.driver.execute_script(colour) == scheme

"""From an empty machine to the first message, and an editor whose file was changed by somebody else."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException

from tests.support.browser import Browser, chromium, missing
from tests.support.installation import Installation

STARTS = 60.0
"""Seconds for all processes of an installation, on a machine that has more to do."""


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Path]:
    """A home in which nobody has configured anything, with `airut up` running."""
    if why := missing():
        pytest.skip(why)
    environment = {**os.environ, "HOME": str(tmp_path), "AIRUT_CONFIG": str(tmp_path / "airut.yaml")}
    with (tmp_path / "airut.log").open("wb") as log:
        airut = await asyncio.create_subprocess_exec("airut", "up", stdout=log, stderr=log, env=environment)
    try:
        yield tmp_path
    finally:
        airut.terminate()
        await airut.wait()


async def test_from_an_empty_machine_to_the_first_message(empty: Path) -> None:
    with chromium("http://127.0.0.1:5200", empty / "browser") as browser:
        await _answers(browser, empty)
        browser.click("a[href='/config/first']")
        await browser.shows("The first repository")
        assert browser.violations() == []
        browser.shot("first-run")
        browser.type("#url", "https://git.example.org/acme/web.git")
        browser.type("#key", "sk-ant-api03-no-model-is-asked-here")
        browser.click(".buttons .primary")
        await browser.shows("Airut starts now")
        browser.shot("first-run-saved")
        assert (empty / ".env").stat().st_mode & 0o777 == 0o600
        await _answers(browser, empty, "/repos/web")
        browser.type("#message", "Mend the log-in\n\nIt fails where the user is empty.")
        browser.shot("first-message")
        browser.click("form[action='/repos/web/messages'] .primary")
        await browser.until(lambda: browser.path.startswith("/threads/web/console/"))
        await browser.until(lambda: "It fails where the user is empty." in browser.text, STARTS)
        browser.shot("first-thread")
        assert "sk-ant-api03" not in browser.driver.page_source


async def test_a_file_that_was_changed_meanwhile_is_not_overwritten(
    browser: Browser, installation: Installation
) -> None:
    browser.open("/config/text")
    file = installation.config_file
    file.write_text(file.read_text() + "# a colleague was here\n")
    changed = file.read_text()
    browser.driver.execute_script("document.getElementById('text').value += '# and I was too\\n'")
    browser.click("button[value='save']")
    await browser.shows("What this changes")
    browser.shot("stale-buffer")
    assert file.read_text() == changed
    assert browser.violations() == []
    browser.driver.execute_script("document.getElementById('text').value += '# and I was too\\n'")
    browser.click("button[value='save']")
    await browser.until(lambda: browser.path == "/config/text?saved=1")
    assert file.read_text() == changed + "# and I was too\n"


async def _answers(browser: Browser, home: Path, path: str = "/") -> None:
    """Opens a page again and again, while processes start.

    Raises:
        TimeoutError: with what they have said.
    """
    try:
        async with asyncio.timeout(STARTS):
            while True:
                try:
                    browser.open(path)
                    if browser.find("#message" if path != "/" else "a[href='/config/first']"):
                        return
                except WebDriverException:
                    pass
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise TimeoutError(f"{path} does not come:\n{(home / 'airut.log').read_text()[-4000:]}") from None

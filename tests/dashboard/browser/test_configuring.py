"""Setting an installation up, and changing it, in a browser."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from airut.cli.context import EXIT_UNREACHABLE
from airut.config.dashboard_settings import DashboardSettings
from airut.config.load import load_config
from tests.support.browser import Browser, chromium
from tests.support.installation import LIMIT, Installation

MEMORY = 'input[name=\'set:["limits", "memory"]\']'


async def test_a_file_that_has_changed_meanwhile_is_not_overwritten(
    browser: Browser, installation: Installation
) -> None:
    before = installation.config_file.read_text()
    try:
        browser.open("/config")
        browser.click("details:has(input[name*='limits']):not([open]) > summary")
        browser.type(MEMORY, "3g")
        meanwhile = before + "# somebody else was here\n"
        installation.config_file.write_text(meanwhile)
        browser.click("main form .primary")
        await browser.shows("Not saved: the file has changed since this page was opened.")
        browser.shot("config-stale")
        assert browser.violations() == []
        assert installation.config_file.read_text() == meanwhile
        assert "+ limits:" in browser.text
        browser.click("main form.configuration .primary")
        await browser.shows("Saved to")
        assert installation.config_file.read_text() == before + "limits:\n  memory: 3g\n# somebody else was here\n"
    finally:
        installation.config_file.write_text(before)


@pytest.fixture
async def empty_machine(tmp_path: Path) -> AsyncIterator[Path]:
    """`airut up` of somebody who has nothing yet. The ports are the usual ones: the lab is a machine of its own."""
    # A place of its own for sockets too: else a Podman with this empty home could answer for ours afterwards.
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}
    environment.pop("AIRUT_CONFIG", None)
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("airut"), "up", env=environment, stdout=log, stderr=log
        )
    try:
        yield tmp_path
    finally:
        process.terminate()
        await process.wait()


async def test_from_an_empty_machine_to_the_first_message(
    empty_machine: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    address = DashboardSettings().address
    with chromium(address, tmp_path_factory.mktemp("first")) as browser:
        async with asyncio.timeout(LIMIT):
            while not await asyncio.to_thread(_answers, address):
                await asyncio.sleep(0.1)
        browser.open("/")
        browser.click("a[href='/config/first']")
        browser.type("#url", "https://git.example.org/acme/web.git")
        browser.type("#key", "sk-ant-api03-invented")
        browser.shot("first-run")
        assert browser.violations() == []
        browser.click("main form .primary")
        await browser.shows("Airut starts now")
        await browser.until(lambda: browser.path == "/" and "git.example.org/acme/web.git" in browser.text, LIMIT)
        browser.shot("first-run-done")
    file = empty_machine / ".config" / "airut" / "airut.yaml"
    while (sent := await _sent(file))[0] == EXIT_UNREACHABLE:  # the dashboard does not wait for Temporal
        await asyncio.sleep(0.5)
    assert (sent[0], sent[1].startswith("web/console/")) == (0, True)
    assert list(load_config(file).repos) == ["web"]


async def _sent(config: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("airut"), "--config", config, "send", "--repo", "web", "Say hello",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False

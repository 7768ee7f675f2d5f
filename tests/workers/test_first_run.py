"""From an empty machine to a configuration, by the dashboard alone."""

import asyncio
import logging
from pathlib import Path

import httpx
import pytest

from airut.cli.context import Settings
from airut.config.dashboard_settings import DashboardSettings
from airut.demo.ports import free_port
from airut.errors import ConfigError
from tests.support.page_forms import fields
from workers.first_run import until_configured


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AIRUT_CONFIG", str(tmp_path / ".config" / "airut" / "airut.yaml"))
    return tmp_path / ".config" / "airut" / "airut.yaml"


async def answering(browser: httpx.AsyncClient) -> httpx.Response:
    async with asyncio.timeout(60):
        while True:
            try:
                return await browser.get("/")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)


async def test_the_form_is_served_until_it_has_been_filled_in(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = DashboardSettings(port=free_port())
    serving = asyncio.create_task(until_configured(path, asyncio.Event(), settings))
    async with httpx.AsyncClient(base_url=settings.address, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        first = await answering(browser)
        assert (first.status_code, 'href="/config/first"' in first.text) == (200, True)
        form = fields((await browser.get("/config/first")).text, "/config/first")
        with caplog.at_level(logging.ERROR):
            path.parent.mkdir(parents=True)
            path.write_text("a: [\n")  # somebody begins with an editor of their own
            async with asyncio.timeout(60):
                while not any(record.name == "airut.first_run" for record in caplog.records):
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.7)  # it is looked at again, and not told again
            path.unlink()
        assert [record.message for record in caplog.records if record.name == "airut.first_run"] == [
            f"{path} cannot be read yet: expected the node content, but found '<stream end>'"
        ]
        form |= {"url": "https://git.example.org/acme/web.git", "key": "sk-ant-api03-invented", "channel": "console"}
        saved = await browser.post("/config/first", data=form)
        assert (saved.status_code, "Airut starts now" in saved.text) == (200, True)
    assert await asyncio.wait_for(serving, 60) is True
    assert path.with_name(".env").read_text() == 'ANTHROPIC_API_KEY="sk-ant-api03-invented"\n'


async def test_told_to_stop_it_ends_without_a_configuration(path: Path) -> None:
    stop = asyncio.Event()
    settings = DashboardSettings(port=free_port())
    serving = asyncio.create_task(until_configured(path, stop, settings))
    async with httpx.AsyncClient(base_url=settings.address) as browser:
        await answering(browser)
    stop.set()
    assert await asyncio.wait_for(serving, 60) is False


async def test_a_port_that_is_taken_is_named(path: Path) -> None:
    settings = DashboardSettings(port=free_port())
    taken = await asyncio.start_server(lambda *_: None, settings.host, settings.port)
    async with taken:
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1 port {settings.port}"):
            await until_configured(path, asyncio.Event(), settings)


def test_the_configuration_is_where_it_is_looked_for_or_where_it_is_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AIRUT_CONFIG", raising=False)
    assert Settings(tmp_path / "named.yaml").wanted == tmp_path / "named.yaml"
    assert Settings(None).wanted == tmp_path / ".config" / "airut" / "airut.yaml"

"""From no configuration to one that is read, by one form."""

from pathlib import Path

import pytest

from airut.adapters.logins_sqlite import SqliteLogins
from airut.config.load import load_config
from tests.support.dashboard import Served
from tests.support.page_forms import fields

EMAIL = {
    "channel": "email", "address": "airut@example.com", "password": "hunter2-mail", "imap": "imap.example.com",
    "smtp": "smtp.example.com", "authserv": "mx.example.com", "senders": "ann@example.com, *@ops.example.com",
}  # fmt: skip
SLACK = {"channel": "slack", "bot_token": "xoxb-hunter2", "app_token": "xapp-hunter2", "people": "U012ABCDEF"}


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(None, SqliteLogins(tmp_path / "logins.db"), tmp_path)


@pytest.mark.parametrize("given", [{"channel": "console"}, EMAIL, SLACK], ids=lambda given: given["channel"])
async def test_one_form_makes_a_configuration_that_is_read(served: Served, given: dict[str, str]) -> None:
    browser = served.browser()
    assert 'href="/config/first"' in (await browser.get("/")).text
    assert (await browser.get("/config")).headers["location"] == "/config/first"
    form = fields((await browser.get("/config/first")).text, "/config/first")
    form |= {
        "url": "https://github.com/acme/My_Web.git",
        "key": "sk-ant-oat01-hunter2",
        "forge_token": "ghp_hunter2",
        **given,
    }
    answer = await browser.post("/config/first", data=form)
    assert (answer.status_code, "Airut starts now" in answer.text) == (200, True)
    assert 'content="15; url=/"' in answer.text
    config = load_config(served.file, {})
    repo = config.repos["my-web"]
    assert repo.agent.auth.oauth_token is not None
    assert [name for name in ("console", "email", "slack") if getattr(repo.channels, name) is not None] == [
        given["channel"]
    ]
    assert "hunter2" not in served.file.read_text()
    assert (served.file.stat().st_mode & 0o777, served.dotenv.stat().st_mode & 0o777) == (0o600, 0o600)
    assert (await browser.get("/config/first")).headers["location"] == "/config"
    assert len(served.trail.events) == 1


async def test_what_is_missing_is_said_and_secrets_are_not_sent_back(served: Served) -> None:
    browser = served.browser()
    form = fields((await browser.get("/config/first")).text, "/config/first")
    form |= {"url": "http://user:pw@x.example/a", "key": "hunter2", **EMAIL, "senders": ""}
    answer = await browser.post("/config/first", data=form)
    assert answer.status_code == 422
    assert "authorized_senders: is required" in answer.text
    assert "hunter2" not in answer.text
    assert fields(answer.text, "/config/first")["imap"] == "imap.example.com"
    assert not served.file.exists()
    assert not served.dotenv.exists()


async def test_a_file_that_somebody_else_has_written_meanwhile_stays(served: Served) -> None:
    browser = served.browser()
    form = fields((await browser.get("/config/first")).text, "/config/first")
    served.file.write_text("config_version: 1\n")
    answer = await browser.post("/config/first", data={**form, "url": "https://x.example/a/b", "key": "k"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/config")
    assert served.file.read_text() == "config_version: 1\n"

"""The configuration of a running process: taken up when it changes; commands run when their time has come. What SIGHUP
does shows `tests/e2e/test_rotation.py`."""

import asyncio
import logging
import os
import signal
from pathlib import Path

import pytest

from airut.config.differences import Change
from airut.config.generation_reports import reports
from airut.config.load import load_config
from airut.config.reload_class import ReloadClass
from airut.config.schema import Config
from airut.errors import ConfigError
from tests.support.eventually import eventually
from workers.reloading import reloading

CONFIG = """
config_version: 1
state_dir: {state}
limits: {{time: {time}}}
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {{console: {{}}}}
    agent: {{auth: {{api_key: {{command: [sh, -c, 'date >> asked; echo sk-ant-api03-real'], ttl: 1s}}}}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "airut.yaml"
    file.write_text(CONFIG.format(state=tmp_path / "state", time="2h"))
    return file


async def test_commands_are_run_before_anybody_waits_for_them_and_again_after_their_time(file: Path) -> None:
    config, asked = load_config(file, {}), file.parent / "asked"
    assert not asked.exists()
    async with reloading(config, "test"):
        assert len(asked.read_text().splitlines()) == 1
        await eventually(lambda: len(asked.read_text().splitlines()) >= 3)


async def test_a_change_is_taken_up_and_told_and_a_bad_file_changes_nothing(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    config, taken = load_config(file), list[tuple[float, tuple[Change, ...]]]()

    async def take_up(changed: Config, changes: tuple[Change, ...]) -> tuple[str, ...]:
        if changed.limits.time == 60:
            raise ConfigError("a minute is too short for this process")
        taken.append((changed.limits.time, changes))
        return ("the listener is the old one",) if changed.limits.time == 1800 else ()

    def told() -> tuple[int, str | None, tuple[str, ...]]:
        (report,) = reports(config.state)
        return report.generation.number, report.generation.error, report.generation.kept

    changed = (Change(path="limits.time", reload=ReloadClass.TASK),)
    async with reloading(config, "test", take_up):
        assert told() == (1, None, ())
        begun = asyncio.get_running_loop().time()
        file.write_text(CONFIG.format(state=config.state, time="1h"))
        await eventually(lambda: taken)
        assert asyncio.get_running_loop().time() - begun < 30  # a second where the machine has nothing else to do
        await eventually(lambda: told() == (2, None, ()))
        file.write_text(CONFIG.format(state=config.state, time="1s"))
        await eventually(lambda: told()[1])
        number, error, kept = told()
        assert (number, kept) == (2, ())
        assert str(error).startswith(f"{file}:4:16: limits.time: ")
        file.write_text(CONFIG.format(state=config.state, time="1m"))
        await eventually(lambda: told() == (2, "a minute is too short for this process", ()))
        file.write_text(CONFIG.format(state=config.state, time="30m"))
        await eventually(lambda: told() == (3, None, ("the listener is the old one",)))
        os.kill(os.getpid(), signal.SIGHUP)  # alone, without any change
        await eventually(lambda: told()[0] == 4)
    assert taken == [(3600.0, changed), (1800.0, changed), (1800.0, ())]
    assert reports(config.state) == ()
    said = [record.message.split(" (", 1)[0] for record in caplog.records if record.name == "airut.config"]
    bad = "airut.yaml is not taken up, and what was read before stays in effect:\n" + str(error)
    assert said == [
        "configuration 2", bad, "configuration 3 is not taken up: a minute is too short for this process", "configuration 3", "the listener is the old one",
        "secrets were read again", "configuration 4", "the listener is the old one",
    ]  # fmt: skip

"""`airut up` keeps its parts running."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from airut.config.dashboard_settings import DashboardSettings
from airut.config.schema import Config, TemporalSettings
from workers import supervisor
from workers.supervisor import Part, keep_running, parts

SLEEPER = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


async def pids(file: Path, count: int) -> list[int]:
    """Wait until so many starts are recorded."""
    async with asyncio.timeout(60):
        while not file.exists() or len(file.read_text().split()) < count:
            await asyncio.sleep(0.05)
    return [int(pid) for pid in file.read_text().split()]


async def test_a_part_that_dies_is_started_again_and_stops_when_told(tmp_path: Path) -> None:
    stop, file = asyncio.Event(), tmp_path / "pids"
    part = Part(name="sleeper", command=(sys.executable, "-c", SLEEPER, str(file)))
    running = asyncio.create_task(keep_running(part, stop, asyncio.Event(), {}))
    (first,) = await pids(file, 1)
    os.kill(first, signal.SIGKILL)
    _, second = await pids(file, 2)
    stop.set()
    await asyncio.wait_for(running, 60)
    assert first != second
    assert not Path(f"/proc/{second}").exists()


def test_an_external_temporal_is_not_started(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"state_dir": tmp_path, "config_version": 1, "repos": {}}
    embedded = Config.model_construct(**settings, temporal=TemporalSettings())
    external = Config.model_construct(**settings, temporal=TemporalSettings(mode="external"))
    assert [part.name for part in parts(embedded)] == ["temporal", "control", "sandbox_host", "intake", "dashboard"]
    assert [part.name for part in parts(external)] == ["control", "sandbox_host", "intake", "dashboard"]
    silent = external.model_copy(update={"dashboard": DashboardSettings(enabled=False)})
    assert [part.name for part in parts(silent)] == ["control", "sandbox_host", "intake"]


def test_the_embedded_ui_has_a_dashboard_without_login_decode_what_it_shows(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"state_dir": tmp_path, "config_version": 1, "repos": {}, "temporal": TemporalSettings()}

    def told(**dashboard: Any) -> tuple[str, ...]:
        command = parts(Config.model_construct(**settings, dashboard=DashboardSettings(**dashboard)))[0].command
        place = command.index("--ui-codec-endpoint") if "--ui-codec-endpoint" in command else len(command)
        return command[place : place + 2]

    assert told() == ("--ui-codec-endpoint", "http://127.0.0.1:5200/codec")
    assert told(auth="token") == told(enabled=False) == ()


STUBBORN = """
import os, signal, sys, time
told = []
def stop(number, frame):
    open(sys.argv[1] + ".told", "a").write("x\\n")
    told.append(number)
    if len(told) == 2:
        os._exit(128 + number)
signal.signal(signal.SIGTERM, stop)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
while True:
    time.sleep(0.05)
"""


async def test_a_part_that_takes_its_time_is_waited_for_until_somebody_is_in_a_hurry(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "WAITING", 0.3)  # five seconds would only make the test slow
    caplog.set_level("INFO")
    stop, hurry, file = asyncio.Event(), asyncio.Event(), tmp_path / "pids"
    command = (sys.executable, "-c", STUBBORN, str(file))
    part = Part(name="stubborn", command=command, stop_limit=60, waits_for="the end of the world")
    running = asyncio.create_task(keep_running(part, stop, hurry, {}))
    await pids(file, 1)
    stop.set()
    async with asyncio.timeout(60):
        while "stubborn: waiting for the end of the world, at most 60 s; ctrl-C again ends it now" not in caplog.text:
            await asyncio.sleep(0.05)
    assert not running.done()
    told = tmp_path / "pids.told"
    async with asyncio.timeout(60):
        while not told.exists():  # a second signal that comes before the first is taken is none
            await asyncio.sleep(0.05)
    hurry.set()
    await asyncio.wait_for(running, 60)
    assert told.read_text().split() == ["x", "x"]


async def test_a_part_that_never_ends_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "WAITING", 0.1)
    monkeypatch.setattr(supervisor, "HURRY_LIMIT", 0.2)
    stop, file = asyncio.Event(), tmp_path / "pids"
    deaf = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
    part = Part(name="deaf", command=(sys.executable, "-c", deaf, str(file)), stop_limit=0.4)
    running = asyncio.create_task(keep_running(part, stop, asyncio.Event(), {}))
    await pids(file, 1)
    stop.set()
    await asyncio.wait_for(running, 60)

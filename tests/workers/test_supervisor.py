"""`airut up` keeps its parts running."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from airut.config.schema import Config, TemporalSettings
from workers.supervisor import Part, keep_running, parts

SLEEPER = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


async def pids(file: Path, count: int) -> list[int]:
    """Wait until so many starts are recorded."""
    async with asyncio.timeout(20):
        while not file.exists() or len(file.read_text().split()) < count:
            await asyncio.sleep(0.05)
    return [int(pid) for pid in file.read_text().split()]


async def test_a_part_that_dies_is_started_again_and_stops_when_told(tmp_path: Path) -> None:
    stop, file = asyncio.Event(), tmp_path / "pids"
    part = Part(name="sleeper", command=(sys.executable, "-c", SLEEPER, str(file)))
    running = asyncio.create_task(keep_running(part, stop))
    (first,) = await pids(file, 1)
    os.kill(first, signal.SIGKILL)
    _, second = await pids(file, 2)
    stop.set()
    await asyncio.wait_for(running, 15)
    assert first != second
    assert not Path(f"/proc/{second}").exists()


def test_an_external_temporal_is_not_started(tmp_path: Path) -> None:
    settings = {"state_dir": tmp_path, "config_version": 1, "repos": {}}
    embedded = Config.model_construct(**settings, temporal=TemporalSettings())
    external = Config.model_construct(**settings, temporal=TemporalSettings(mode="external"))
    assert [part.name for part in parts(embedded)] == ["temporal", "control", "sandbox_host", "intake"]
    assert [part.name for part in parts(external)] == ["control", "sandbox_host", "intake"]

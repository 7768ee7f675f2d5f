"""Backup, loss of everything, restore: people go on writing in their old threads, and are answered once."""

import asyncio
import shutil
from pathlib import Path

import pytest

from airut.cli.main import execute
from airut.config.restored import numbers_above
from tests.contract.people import Mailing, hears
from tests.support.installation import PROCESSES, Installation

pytestmark = pytest.mark.timeout(300)


async def test_a_reply_to_an_old_thread_is_answered_once(tmp_path: Path) -> None:
    async with Installation.running(tmp_path / "installation") as there:
        there.reset()
        old, later = Mailing(there), Mailing(there)
        await old.writes("the first")
        await hears(old, "done")
        backup = tmp_path / "airut.tar"
        command = ["--config", str(there.config_file), "backup", str(backup)]
        assert await asyncio.to_thread(execute, command) == 0  # while everything runs

        await old.writes("after the backup")
        await hears(old, "done", 2)
        await later.writes("in a thread that the backup does not know")
        await hears(later, "done")
        runs = len(there.host.agent_inputs)

        for name in PROCESSES:
            await there.kill(name)
        await there.server.stop()
        for path in (there.config.state, there.server.folder, there.config_file):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

        assert await asyncio.to_thread(execute, ["restore", str(backup)]) == 0
        await there.server.restart()
        for name in PROCESSES:
            await there.start(name)

        await old.writes("once more")
        await later.writes("here too")
        texts = [said.text.splitlines()[0] for said in await hears(old, "done", 3)]
        assert texts == ["I was told: the first", "I was told: after the backup", "I was told: once more"]
        assert len(await hears(later, "done", 2)) == 2
        assert len(there.host.agent_inputs) == runs + 2  # what was answered since the backup is not answered again
        numbers = [run.task.number for run in there.runs(old.thread)]
        assert numbers == [1, 2, numbers_above(there.config.state) + 1]  # no number of an answer is given twice

"""Processes are killed; the task goes on."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from airut.demo.script import bash, say
from airut.models.tasks.outcome import TaskOutcome
from tests.e2e.conversation import LIMIT, Conversation
from tests.e2e.test_fence import begun


def processes(module: str, parent: int) -> list[int]:
    """The pids below the stage's supervisor whose command line has this word: a module, or the server's `start-dev`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            ppid = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
        if module.encode() in command and ppid == parent:
            found.append(int(entry.name))
    return found


@pytest.mark.parametrize("module", ["workers.sandbox_host", "workers.control", "workers.intake", "start-dev"])
async def test_a_killed_process_costs_nothing(conversation: Conversation, module: str) -> None:
    stage = conversation.stage
    slow = bash("echo ran >> /storage/runs; until test -e /storage/go; do sleep 0.2; done")
    await conversation.plays(slow, bash("cat /storage/runs"), say("Survived."))
    await conversation.writes("Work for a while.")
    storage = stage.folders.of(await begun(conversation)).storage
    async with asyncio.timeout(LIMIT):
        while not (storage / "runs").exists():
            await asyncio.sleep(0.1)
    (pid,) = processes(module, stage.pid)
    os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    await asyncio.sleep(3)  # the agent works on
    (storage / "go").touch()
    (answer,) = await conversation.answers()
    print(f"{module}: {time.monotonic() - killed:.1f} s from kill -9 to the answer")
    status = await conversation.idle(await conversation.thread(answer))
    await asyncio.sleep(1)
    assert len(await conversation.answers()) == 1
    assert [task.outcome for task in status.recent] == [TaskOutcome.NO_CHANGES]
    assert (storage / "runs").read_text() == "ran\n"
    # One run of three requests: the agent never ran twice. Claude Code itself may ask once more where an answer is late.
    assert len(set(await conversation.prompts())) == 3


async def test_mail_that_came_while_everything_was_down_is_answered_once(conversation: Conversation) -> None:
    stage = conversation.stage
    await conversation.plays(say("Here I am."))
    await stage.down(signal.SIGKILL)
    await conversation.writes("Are you there?")
    await stage.up()
    (answer,) = await conversation.answers()
    status = await conversation.idle(await conversation.thread(answer))
    assert status.tasks == 1

"""What becomes of running work when a worker process is told to stop, or is killed: real processes, real Temporal."""

import asyncio
import os
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from airut.models.hosts.workspace import DefaultBranch
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import TaskInput
from tests.support.host_process import Diary, OneStep
from tests.support.messages import mail

CONFIG = """\
config_version: 1
temporal: {{mode: external}}
state_dir: {state}
repos:
  web:
    url: https://git.test/acme/web.git
    channels: {{console: {{}}}}
    agent: {{auth: {{api_key: sk-ant-api03-of-no-use}}}}
"""
MESSAGE = mail("do it")
TASK = TaskInput(
    thread=MESSAGE.thread, repo="web", channel=MESSAGE.channel, number=1, messages=(MESSAGE,), session_id="s"
)
AGENT = AgentInput(task=TASK, attempt=1, image="i", policy=DefaultBranch(name="main", commit="c" * 40), base="c" * 40)

SOON = 45.0
"""Seconds from where the next worker serves, which takes two on a quiet machine. Left alone, an agent would wait for the
rest of its heartbeat time-out of 60 s, a short activity for its ten minutes."""

pytestmark = pytest.mark.timeout(300)  # up to three processes start, for twenty seconds each on a machine that is busy


class Host:
    """A sandbox host whose worker processes the test starts and ends."""

    def __init__(self, temporal: WorkflowEnvironment, folder: Path) -> None:
        self.id = f"h{uuid.uuid4().hex[:8]}"
        self.diary = Diary(folder / "diary")
        self._done = folder / "done"
        self._temporal = temporal
        self._config = folder / "airut.yaml"
        self._config.write_text(CONFIG.format(state=folder / "state"))
        self._environment = {
            **os.environ,
            "HOST_ID": self.id,
            "HOST_DIARY": str(folder / "diary"),
            "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": temporal.client.namespace,
        }
        self._processes: list[asyncio.subprocess.Process] = []

    async def up(self) -> asyncio.subprocess.Process:
        arguments = ("-m", "tests.support.host_process", "--config", str(self._config))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=self._environment)
        self._processes.append(process)
        return process

    async def begin(self, seconds: float = 0.0, agent: AgentInput | None = None) -> WorkflowHandle[OneStep, None]:
        """Order one activity: an agent, or a short one that takes so long."""
        return await self._temporal.client.start_workflow(
            OneStep.run, args=[self.id, seconds, agent], id=f"step-{uuid.uuid4().hex[:8]}", task_queue=self.id
        )

    def agents_end(self) -> None:
        self._done.touch()

    async def down(self) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def wrote(self) -> list[tuple[str, int]]:
        return [(entry.event, entry.attempt) for entry in self.diary.read() if entry.event != "serves"]

    async def again(self, event: str, process: asyncio.subprocess.Process) -> float:
        """Wait for the activity's next attempt; seconds since this process serves."""
        entry = await self.diary.until(event, 2, limit=90)
        assert entry.pid == process.pid
        serves = next(found.at for found in self.diary.read() if (found.event, found.pid) == ("serves", process.pid))
        return entry.at - serves


@pytest.fixture
async def host(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Host]:
    made = Host(temporal, tmp_path)
    async with Worker(temporal.client, task_queue=made.id, workflows=[OneStep]):
        yield made
        await made.down()


async def heard(process: asyncio.subprocess.Process) -> None:
    """Until it has taken the signal: another one that comes before is none."""
    status, bit = Path(f"/proc/{process.pid}/status"), 1 << (signal.SIGTERM - 1)
    async with asyncio.timeout(60):
        while any(int(line.split()[1], 16) & bit for line in status.read_text().splitlines() if "Pnd:" in line):
            await asyncio.sleep(0.02)


async def test_a_short_activity_is_seen_through_and_not_repeated(host: Host) -> None:
    process = await host.up()
    step = await host.begin(3)
    begun = await host.diary.until("short begins")
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert time.time() - begun.at >= 3
    await asyncio.wait_for(step.result(), 60)
    assert await host.wrote() == [("short begins", 1), ("short ends", 1)]


async def test_an_agent_is_handed_over_at_once_and_adopted_by_the_next_worker(host: Host) -> None:
    process = await host.up()
    step = await host.begin(agent=AGENT)
    slow = await host.begin(4)  # what is seen through meanwhile does not delay the hand-over
    await host.diary.until("agent begins")
    await host.diary.until("short begins")
    process.terminate()
    wait = await host.again("agent begins", await host.up())
    print(f"followed again {wait:.2f} s after the next worker was there")
    assert wait < SOON
    assert await asyncio.wait_for(process.wait(), 60) == 0
    await asyncio.wait_for(slow.result(), 60)
    host.agents_end()
    await asyncio.wait_for(step.result(), 60)
    assert sorted(await host.wrote()) == [
        ("agent begins", 1),
        ("agent begins", 2),
        ("short begins", 1),
        ("short ends", 1),
    ]


async def test_told_twice_it_ends_at_once_and_the_next_worker_begins_anew(host: Host) -> None:
    process = await host.up()
    step = await host.begin(60)
    await host.diary.until("short begins")
    told = time.monotonic()
    process.terminate()
    await asyncio.sleep(0.5)
    await heard(process)
    assert process.returncode is None
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 60) == 128 + signal.SIGTERM
    assert time.monotonic() - told < 25  # and not the thirty seconds for what it does
    assert await host.again("short begins", await host.up()) < SOON
    await step.terminate()


async def test_what_a_killed_worker_held_is_begun_anew_when_the_next_one_is_there(host: Host) -> None:
    process = await host.up()
    await host.begin(agent=AGENT)
    step = await host.begin(30)
    await host.diary.until("agent begins")
    await host.diary.until("short begins")
    process.kill()
    await process.wait()
    following = await host.up()
    waits = [await host.again(event, following) for event in ("agent begins", "short begins")]
    print("seconds from the start of the next worker to the next attempt:", [f"{wait:.2f}" for wait in waits])
    assert max(waits) < SOON
    await step.terminate()


async def test_a_second_worker_takes_nothing_from_one_that_lives(host: Host) -> None:
    await host.up()
    step = await host.begin(12)
    await host.diary.until("short begins")
    await host.up()
    await host.diary.until("serves", 2)  # the first one is in the middle of it
    await asyncio.wait_for(step.result(), 60)
    assert await host.wrote() == [("short begins", 1), ("short ends", 1)]

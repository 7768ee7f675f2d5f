"""A pause freezes the agent: real workflows and the real activity, around sandboxes that are processes of this machine."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from airut.cli.pausing import pause, to_pause
from airut.cli.threads import Row, rows
from airut.errors import EngineError
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sandbox import SandboxRef, SandboxSignal
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult, TaskStep
from airut.models.threads.command import CommandName
from airut.models.threads.notices import TIMED
from airut.models.threads.thread import ThreadPhase
from airut.temporal.delivery import deliver
from tests.activities.agent_bench import Bench
from tests.support.asking import idle_after, orders, status_of, until
from tests.support.fake_sandbox import FakeSandboxes
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from tests.support.serving import serving

BEATS = "echo begun; echo x >> begins; while ! test -e go; do echo . >> beats; sleep 0.02; done; echo done"
"""Runs until somebody makes the file `go`, and leaves a trace of itself."""


class Unfreezable(FakeSandboxes):
    """On a host without a freezer."""

    async def signal(self, ref: SandboxRef, signal: SandboxSignal) -> None:
        if signal is SandboxSignal.PAUSE:
            raise EngineError("pause container c: cgroups: freezer is not supported")
        await super().signal(ref, signal)


class Running(ScriptedActivities):
    """A host whose agent is a shell script in a sandbox; all else is scripted."""

    def __init__(self, client: Client, thread: str, folder: Path, sandboxes: FakeSandboxes) -> None:
        super().__init__(host=thread.rpartition("/")[2])
        self.client, self.thread = client, thread
        self.settings = ThreadSettings(freeze_s=1800.0, pause_grace_s=0.0, stop_grace_s=1.0)
        self.sandboxes = sandboxes
        self.workspace_folder = ThreadFolders(state=folder).of(thread).workspace
        self._state = folder
        self.renew()

    def renew(self) -> None:
        """As another process of this host has it: nothing but what is on disk and in the engine is known."""
        bench = Bench(self._state)
        bench.folders.of(self.thread).make()
        self.workspace_folder.mkdir(exist_ok=True)
        bench.sandboxes, bench.shell.script = self.sandboxes, BEATS
        self.bench = bench

    @activity.defn
    async def run_agent(self, order: AgentInput) -> AgentResult:
        self.asked.append("run_agent")
        self.agent_inputs.append(order)
        return await self.bench.runs().run_agent(order)

    def serving(self) -> AbstractAsyncContextManager[None]:
        return serving(self.client, self)

    @property
    def beats(self) -> int:
        file = self.workspace_folder / "beats"
        return file.stat().st_size if file.exists() else 0

    async def works(self) -> None:
        """Until the agent goes on with its work."""
        before = self.beats
        async with asyncio.timeout(60):
            while self.beats <= before:
                await asyncio.sleep(0.02)

    async def stands_still(self) -> bool:
        before = self.beats
        await asyncio.sleep(0.3)
        return self.beats == before

    async def begins(self) -> None:
        await deliver(self.client, mail("first", self.thread))
        await self.works()

    async def pauses(self) -> str:
        return await orders(self.client, self.thread, CommandName.PAUSE)

    async def row(self) -> Row:
        """As visibility has it, once it says that the thread is paused."""
        async with asyncio.timeout(60):
            while True:
                found = [row async for row in rows(self.client, None, 1000) if row.thread == self.thread]
                if found and found[0].state == ThreadPhase.PAUSED:
                    return found[0]
                await asyncio.sleep(0.1)

    async def resumes(self) -> str:
        return await orders(self.client, self.thread, CommandName.RESUME)

    async def held(self, *, frozen: bool) -> None:
        """Until the task is paused, and its agent is frozen or has ended."""

        def is_so(status: Any) -> bool:
            task = status.open_task
            return task is not None and task.step is TaskStep.PAUSED and task.frozen is frozen

        await until(self.client, self.thread, is_so)

    def ends(self) -> None:
        (self.workspace_folder / "go").touch()

    @property
    def begins_seen(self) -> int:
        return len((self.workspace_folder / "begins").read_text().split())

    async def outcome(self) -> tuple[TaskOutcome, str, float]:
        """Of the only task, with its last words and costs."""
        status = await idle_after(self.client, self.thread, 1)
        (answer,) = [reply for reply in self.replies if reply.kind is ReplyKind.ANSWER]
        (task,) = status.recent
        return task.outcome, answer.text.inline or "" if answer.text else "", answer.usage.cost_usd


@pytest.fixture
def sandboxes() -> FakeSandboxes:
    return FakeSandboxes()


@pytest.fixture
async def host(
    temporal: WorkflowEnvironment, thread: str, tmp_path: Path, sandboxes: FakeSandboxes
) -> AsyncIterator[Running]:
    running = Running(temporal.client, thread, tmp_path, sandboxes)
    yield running
    for order in running.agent_inputs:
        await sandboxes.remove(running.bench.ref_of(order).sandbox_id)


async def test_a_paused_agent_stands_still_and_a_resume_goes_on_with_the_same_run(
    host: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with host.serving():
        await host.begins()
        said = await host.pauses()
        status = await status_of(host.client, host.thread)
        assert status.open_task is not None
        assert status.open_task.until is not None
        assert said == (
            "The conversation (Add a file) is paused. Its agent is frozen until "
            f"{status.open_task.until:{TIMED}}, and is interrupted then. No message waits. `resume` goes on."
        )
        assert status.open_task.until - status.open_task.since == timedelta(minutes=30)
        assert (status.phase, status.open_task.step) == (ThreadPhase.PAUSED, TaskStep.PAUSED)
        assert status.open_task.frozen
        until_when = f"its agent frozen until {status.open_task.until:{TIMED}}"
        assert status.open_task.detail == f"by ann@example.com, {until_when}"
        assert "clean_up" not in host.asked
        assert await host.stands_still()
        assert until_when in await orders(host.client, host.thread, CommandName.STATUS)

        assert await host.resumes() == "Task 1 goes on. No message waits."
        await host.works()
        gc.collect()  # what nobody has asked for is told of in the log
        await host.pauses()
        again = (await status_of(host.client, host.thread)).open_task
        assert again is not None
        assert again.until is not None
        left = again.until - again.since
        assert timedelta(minutes=29) < left < timedelta(seconds=1799.7)  # all freezes share their time
        assert await host.stands_still()
        await host.resumes()
        await host.works()
        host.ends()
        assert await host.outcome() == (TaskOutcome.NO_CHANGES, "begun done", 0.5)
    assert host.begins_seen == 1
    assert {order.resume_note for order in host.agent_inputs} == {None}
    assert {order.attempt for order in host.agent_inputs} == {1}
    assert len(host.reserved) == len(host.settled) == 1  # one run, for the budget too
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_frozen_agent_is_found_by_the_next_worker(host: Running) -> None:
    async with host.serving():
        await host.begins()
        await host.pauses()
    host.renew()
    assert await host.stands_still()
    async with host.serving():
        await host.resumes()
        await host.works()
        host.ends()
        assert await host.outcome() == (TaskOutcome.NO_CHANGES, "begun done", 0.5)
    assert host.begins_seen == 1


async def test_a_stop_ends_a_frozen_agent_and_says_what_was_done(host: Running) -> None:
    async with host.serving():
        await host.begins()
        await host.pauses()
        assert "ended as `stopped`" in await orders(host.client, host.thread, CommandName.STOP)
        status = await until(host.client, host.thread, lambda status: bool(status.recent))
    (answer,) = [reply for reply in host.replies if reply.kind is ReplyKind.ANSWER]
    assert [task.outcome for task in status.recent] == [TaskOutcome.STOPPED]
    assert (answer.text.inline if answer.text else None, answer.usage.cost_usd) == ("begun", 0.25)
    assert [order.end for order in host.agent_inputs] == [False, True]
    assert await host.stands_still()


@pytest.mark.parametrize("why", ["its time is over", "its host lacks memory", "nothing may be left"])
async def test_a_frozen_agent_is_interrupted_and_its_session_gone_on_with(host: Running, why: str) -> None:
    brief = why == "its time is over"
    host.settings = ThreadSettings(freeze_s=2.0 if brief else 1800.0, pause_grace_s=0.0, stop_grace_s=1.0)
    async with host.serving():
        await host.begins()
        await host.pauses()
        if not brief:  # whose two seconds may be over by now
            await host.held(frozen=True)
        if why == "its host lacks memory":
            host.low_memory = True
        if why == "nothing may be left":
            assert await to_pause(host.client, await host.row())
            await pause(host.client, host.thread)
        await host.held(frozen=False)
        assert await host.stands_still()
        assert "clean_up" in host.asked
        if why == "nothing may be left":
            assert not await to_pause(host.client, await host.row())
            said = [each.said for each in (await status_of(host.client, host.thread)).commands]
            assert said[-1] == "The conversation (Add a file) is paused. No message waits. `resume` goes on."
        host.ends()
        await host.resumes()
        outcome, words, cost = await host.outcome()
    assert (outcome, words, cost) == (TaskOutcome.NO_CHANGES, "begun done", 0.75)
    assert host.begins_seen == 2
    # The second is the end of one that was frozen.
    assert [(order.attempt, order.end) for order in host.agent_inputs] == [(1, False), (1, True), (2, False)]
    assert (host.agent_inputs[-1].resume_note or "").startswith("[You were paused from ")


async def test_without_a_freezer_a_pause_is_an_interrupt(
    temporal: WorkflowEnvironment, thread: str, tmp_path: Path
) -> None:
    host = Running(temporal.client, thread, tmp_path, Unfreezable())
    async with host.serving():
        await host.begins()
        assert await host.pauses() == "The conversation (Add a file) is paused. No message waits. `resume` goes on."
        assert await host.stands_still()
        host.ends()
        await host.resumes()
        assert await host.outcome() == (TaskOutcome.NO_CHANGES, "begun done", 0.75)
    assert host.begins_seen == 2


async def test_an_agent_that_ended_while_it_was_to_be_frozen_has_ended(host: Running) -> None:
    async with host.serving():
        await host.begins()
        await host.pauses()
        await host.sandboxes.signal(host.bench.ref_of(host.agent_inputs[0]), SandboxSignal.THAW)  # by hand
        host.ends()
        await asyncio.sleep(0.3)
        await host.resumes()
        assert await host.outcome() == (TaskOutcome.NO_CHANGES, "begun done", 0.5)
    assert host.begins_seen == 1

"""Commands as a person types them, on threads that do what the workflows do."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import AgentOutcome
from airut.models.threads.command import CommandName
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.temporal.delivery import deliver
from tests.cli.conftest import Airut, Printed
from tests.support.agent_results import done
from tests.support.asking import LIMIT, agents_run, idle_after, status_of
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities


async def at_work(temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str) -> None:
    """A thread whose agent runs and does not come to its end by itself."""
    activities.gate.clear()
    activities.interrupted = done("Half of it.", AgentOutcome.STOPPED)
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)


async def phase(temporal: WorkflowEnvironment, thread: str) -> ThreadPhase:
    status: ThreadStatus = await status_of(temporal.client, thread)
    return status.phase


async def test_pause_and_resume_of_a_running_thread_and_each_of_them_twice(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await at_work(temporal, activities, thread)
    first = await airut("thread", "pause", thread)
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("The conversation (Add a file) is paused. No message waits.")
    assert await phase(temporal, thread) is ThreadPhase.PAUSED
    again = await airut("thread", "pause", thread)
    assert (again.code, "the conversation is paused since" in again.out) == (0, True)
    activities.gate.set()
    resumed = await airut("thread", "resume", thread)
    assert (resumed.code, resumed.out) == (0, "Task 1 goes on. No message waits.\n")
    await idle_after(temporal.client, thread, 1)
    again = await airut("thread", "resume", thread)
    assert (again.code, again.out) == (0, "There is nothing to resume: the conversation is idle.\n")


async def test_stop_says_what_the_task_came_to(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await at_work(temporal, activities, thread)
    stopped = await airut("thread", "stop", thread, "--json")
    assert (stopped.code, json.loads(stopped.out)) == (
        0,
        {"version": 1, "thread": thread, "command": "stop", "said": "Task 1 ended as `stopped`."},
    )
    again = await airut("thread", "stop", thread)
    assert (again.code, again.out) == (0, "There is nothing to stop: the conversation is idle.\n")


async def test_close_ends_the_thread_and_what_comes_after_says_so(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    closed = await airut("thread", "close", thread)
    assert (closed.code, closed.out.startswith("The conversation is closed.")) == (0, True), closed
    await temporal.client.get_workflow_handle(thread).result()
    for name in ("close", "stop"):
        assert await airut("thread", name, thread) == Printed(0, "The conversation has ended already.\n", "")
    for name in ("pause", "resume"):
        refused = f"{thread} has ended, so that there is nothing to {name}; a new message begins it again\n"
        assert await airut("thread", name, thread) == Printed(6, "", refused)


async def test_a_unique_prefix_is_enough_and_one_of_several_is_not(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    for end in ("a", "b"):
        await deliver(temporal.client, mail("first", f"{thread}{end}"))
        await idle_after(temporal.client, f"{thread}{end}", 1)
    said = await airut("thread", "stop", f"{thread}a"[:-1])
    assert (said.code, said.err) == (2, f"{thread} is ambiguous: {thread}a, {thread}b\n")
    assert (await airut("thread", "stop", f"{thread}b")).code == 0


@pytest.mark.parametrize("name", [CommandName.PAUSE, CommandName.RESUME, CommandName.STOP, CommandName.CLOSE])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("web/mail/nothing-like-it", "no thread web/mail/nothing-like-it; `airut thread list` shows what there is"),
        ("x' OR 1=1", "x' OR 1=1 is no thread's id; `airut thread list` shows what there is"),
    ],
)
async def test_no_such_thread(airut: Airut, name: CommandName, given: str, said: str) -> None:
    assert await airut("thread", str(name), given) == Printed(5, "", f"{said}\n")


async def test_without_a_control_worker_the_command_is_kept_and_the_remedy_told(
    airut: Airut, temporal: WorkflowEnvironment, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    async with asyncio.timeout(LIMIT):  # Temporal's lists, where commands look for it, come a moment later
        while (await temporal.client.count_workflows(f"WorkflowId = '{thread}'")).count == 0:
            await asyncio.sleep(0.05)
    said = await airut("thread", "pause", thread, "--timeout", "2")
    assert said.code == 4
    assert said.err.startswith(f"airut: {thread} has the command, but has not carried it out within 2 s.")
    assert "`airut up` or `airut worker control` starts one" in said.err


async def test_without_temporal(airut: Airut, config_file: Path) -> None:
    config_file.write_text(re.sub(r"port: \d+", "port: 1", config_file.read_text()))
    said = await airut("thread", "pause", "web/mail/x")
    assert (said.code, said.out) == (4, "")
    assert said.err.startswith("airut: Temporal is not reachable at 127.0.0.1:1; `airut up` starts it (")


async def test_a_word_of_the_list_that_is_sent_is_a_command(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    send = ("send", "--repo", "web")
    assert (await airut(*send, "--thread", thread, "/Pause.")).out.endswith("`resume` goes on.\n")
    assert await phase(temporal, thread) is ThreadPhase.PAUSED
    unknown = await airut(*send, "--thread", thread, "!halt")
    assert unknown.out.startswith("`halt` is not a command, and was not run.")
    assert (await airut(*send, "help")).out.startswith("These words, alone in a message, steer the conversation:")
    assert await airut(*send, "stop") == Printed(
        2, "", "`stop` is a command: say for which thread with --thread, or say more than one word\n"
    )
    assert (await status_of(temporal.client, thread)).tasks == 1

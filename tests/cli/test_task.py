"""Tasks as a person lists, repeats and replays them."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut.models.pull_requests.follow_up import OnFailure
from airut.models.pull_requests.view import Checks, CheckState
from airut.temporal.delivery import deliver, report_if_open
from tests.cli.conftest import Airut, Printed
from tests.signals.mail.test_bounces import BOUNCE
from tests.support.agent_results import done
from tests.support.asking import LIMIT, agents_run, idle_after, status_of, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities


async def listed(airut: Airut, thread: str, ended: int) -> list[dict[str, Any]]:
    """What the list shows, once so many of a thread's tasks have ended there: Temporal's lists come a moment later."""
    async with asyncio.timeout(LIMIT):
        while True:
            tasks: list[dict[str, Any]] = json.loads((await airut("task", "list", thread, "--json")).out)["tasks"]
            if len([task for task in tasks if task["ended_at"]]) >= ended:
                return tasks
            await asyncio.sleep(0.1)


def refuse(order: object) -> None:
    raise ApplicationError("no permission", type="workspace_failed", non_retryable=True)


async def test_list_and_retry_of_a_failed_task(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.workspace = refuse
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    activities.workspace = lambda order: None
    assert await airut("task", "retry", thread) == Printed(0, f"{thread}/task-2\n", "")
    await idle_after(temporal.client, thread, 2)
    assert [order.task.messages[0].text.inline for order in activities.agent_inputs] == ["first"]

    tasks = await listed(airut, thread, 2)
    assert [(task["task"], task["state"], task["outcome"]) for task in tasks] == [
        (f"{thread}/task-1", "failed", "workspace_failed"),
        (f"{thread}/task-2", "completed", "success"),
    ]
    table = (await airut("task", "list", thread[:-2])).out
    assert [word in table for word in (f"{thread}/task-1", "workspace_failed", "$0.25")] == [True] * 3

    await report_if_open(temporal.client, BOUNCE.model_copy(update={"thread": thread, "task": 2}))
    await until(temporal.client, thread, lambda status: bool(status.bounces))
    tasks = json.loads((await airut("task", "list", thread, "--json")).out)["tasks"]
    assert [task.get("bounced") for task in tasks] == [None, [BOUNCE.words]]
    for shown in (await airut("task", "list", thread), await airut("thread", "show", thread)):
        assert "bounced" in shown.out


async def test_what_became_of_the_pull_request_is_shown_with_its_thread(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.agent = lambda order: done("Done.")
    activities.forge.on_failure = OnFailure.NOTIFY
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    activities.forge.shows(checks=Checks(state=CheckState.PASSED, total=2))
    await until(temporal.client, thread, lambda status: bool(status.news))
    shown = await airut("thread", "show", thread)
    assert (shown.code, "All 2 checks of the pull request #1" in " ".join(shown.out.split())) == (0, True), shown
    assert "(not kept any more)" in shown.out  # the reply's text, which a scripted reply has stored nowhere


async def test_an_older_task_is_done_again_from_what_temporal_has_recorded(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.workspace = refuse
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    activities.workspace = lambda order: None
    await deliver(temporal.client, mail("second", thread))
    await idle_after(temporal.client, thread, 2)
    assert await airut("task", "retry", f"{thread}/task-1") == Printed(0, f"{thread}/task-3\n", "")
    await idle_after(temporal.client, thread, 3)
    told = [[message.text.inline for message in order.task.messages] for order in activities.agent_inputs]
    assert told == [["second"], ["first"]]
    retried = activities.agent_inputs[-1].task.retry
    assert retried is not None
    assert (retried.number, retried.result.detail) == (1, "no permission")


async def test_retry_of_a_task_that_did_its_job_is_the_operators_right(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    said = await airut("task", "retry", f"{thread}/task-1", "--from", "reply", "--json")
    assert (said.code, json.loads(said.out)) == (0, {"version": 1, "task": f"{thread}/task-2"})
    await idle_after(temporal.client, thread, 2)
    assert len(activities.agent_inputs) == 1
    assert len(activities.replies) == 2


async def test_retry_is_refused_with_the_reason(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    said = await airut("task", "retry", thread)
    assert (said.code, said.out, said.err != "") == (6, "", True)
    activities.gate.set()
    await idle_after(temporal.client, thread, 1)
    assert await airut("task", "retry", f"{thread}/task-7") == Printed(
        5, "", f"{thread} has no task 7; its last one is 1\n"
    )
    assert (await airut("task", "retry", thread, "--from", "lunch")).code == 2
    assert (await status_of(temporal.client, thread)).tasks == 1


async def test_a_task_that_never_was(airut: Airut) -> None:
    for command in (("list",), ("retry",), ("logs",), ("replay",)):
        said = await airut("task", *command, "web/mail/never")
        assert said == Printed(5, "", "no thread web/mail/never; `airut thread list` shows what there is\n")


async def test_replay_is_a_process_of_its_own(
    config_file: Path, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    events = len((await temporal.client.get_workflow_handle(f"{thread}/task-1").fetch_history()).events)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("airut")),
        "--config",
        str(config_file),
        "task",
        "replay",
        f"{thread}/task-1",
        env=os.environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, out.decode(), err.decode()) == (0, f"{events} events replayed, deterministic\n", "")

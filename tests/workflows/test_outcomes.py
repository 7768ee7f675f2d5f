"""However a task ends, it is answered, cleaned up and leaves its thread alive."""

import asyncio
import time
from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import AgentOutcome, TaskOutcome
from airut.temporal.delivery import deliver
from tests.support.agent_results import done
from tests.support.asking import agents_run, idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from workflows.outcomes import OUTCOMES

WAITED_FOR = {
    AgentOutcome.RATE_LIMITED,
    AgentOutcome.PROVIDER_UNAVAILABLE,
    AgentOutcome.AUTH_FAILED,
    AgentOutcome.OUT_OF_MEMORY,
}
"""Outcomes that a timer comes after: see test_waits."""


async def test_a_failed_task_is_answered_shows_as_failed_and_leaves_the_thread_alive(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def refuse(order: object) -> None:
        raise ApplicationError("no permission", type="workspace_failed", non_retryable=True)

    activities.workspace = refuse
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    task = await temporal.client.get_workflow_handle(f"{thread}/task-1").describe()
    assert task.status is WorkflowExecutionStatus.FAILED
    assert [task.outcome for task in status.recent] == [TaskOutcome.WORKSPACE_FAILED]
    assert [(reply.outcome, reply.detail) for reply in activities.replies] == [
        (TaskOutcome.WORKSPACE_FAILED, "no permission")
    ]
    activities.workspace = lambda order: None
    await deliver(temporal.client, mail("second", thread))
    status = await idle_after(temporal.client, thread, 2)
    assert status.recent[-1].outcome is TaskOutcome.SUCCESS


async def test_a_task_cancelled_in_temporal_is_answered_as_stopped(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    status = await idle_after(temporal.client, thread, 1)
    assert [task.outcome for task in status.recent] == [TaskOutcome.STOPPED]
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.STOPPED]
    assert activities.asked[-1] == "clean_up"


async def test_every_agent_outcome_is_answered(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    expected: list[TaskOutcome] = []
    at_once = [outcome for outcome in AgentOutcome if outcome not in WAITED_FOR]
    for number, outcome in enumerate(at_once, start=1):
        activities.agent = lambda order, outcome=outcome: done("words", outcome)  # type: ignore[misc]
        await deliver(temporal.client, mail(f"message {number}", thread))
        await idle_after(temporal.client, thread, min(number, 10))
        while len(activities.replies) < number:
            await asyncio.sleep(0.02)
        expected.append(OUTCOMES[outcome])
    assert [reply.outcome for reply in activities.replies] == expected


@pytest.mark.parametrize("step", ["reply", "clean_up"])
async def test_a_cancel_while_a_last_step_is_retried_does_not_end_it(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, step: str
) -> None:
    tries: list[int] = []

    def fail_once(order: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ApplicationError("away", next_retry_delay=timedelta(seconds=1))

    if step == "reply":
        activities.answer = fail_once
    else:
        activities.tidy = fail_once
    await deliver(temporal.client, mail("first", thread))
    while not tries:
        await asyncio.sleep(0.02)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    status = await idle_after(temporal.client, thread, 1)
    assert len(tries) == 2
    assert activities.asked[-2:] == ["reply", "clean_up"]
    assert (status.branch, status.recent[0].outcome) == ("airut/add", TaskOutcome.SUCCESS)


async def test_a_terminated_task_is_answered_and_cleaned_up_by_its_thread(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").terminate()
    status = await idle_after(temporal.client, thread, 1)
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.INTERNAL_ERROR]
    assert [order.task.id for order in activities.cleaned] == [f"{thread}/task-1"]
    assert status.host == activities.host


async def test_a_detail_of_megabytes_ends_the_task_all_the_same(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    failed = done("words", AgentOutcome.FAILED)
    verdict = failed.verdict.model_copy(update={"detail": "x" * 1_500_000})
    activities.agent = lambda order: failed.model_copy(update={"verdict": verdict})
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert status.recent[0].outcome is TaskOutcome.FAILED
    assert len(activities.replies[0].detail) < 5_000


async def test_commits_that_git_could_not_bundle_are_not_called_no_changes(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.agent = lambda order: done("words", bundle=None).model_copy(update={"work_error": "index is corrupt"})
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert status.recent[0].outcome is TaskOutcome.PUBLISH_FAILED
    assert "index is corrupt" in activities.replies[0].detail


async def test_a_stop_while_a_step_ends_by_itself_is_not_lost(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def slow(order: object) -> None:
        time.sleep(0.7)  # too short for a heartbeat to bring the cancel

    activities.workspace = slow
    await deliver(temporal.client, mail("first", thread))
    while "prepare_workspace" not in activities.asked:
        await asyncio.sleep(0.02)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    status = await idle_after(temporal.client, thread, 1)
    assert "run_agent" not in activities.asked
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.STOPPED]
    assert status.recent[0].outcome is TaskOutcome.STOPPED


async def test_a_clean_up_that_cannot_be_done_does_not_unsay_the_answer(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def refuse(order: object) -> None:
        raise ApplicationError("no way", type="internal_error", non_retryable=True)

    activities.tidy = refuse
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.SUCCESS]
    assert (status.recent[0].outcome, status.branch) == (TaskOutcome.SUCCESS, "airut/add")

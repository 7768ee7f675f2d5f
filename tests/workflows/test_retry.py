"""A task that failed is done again, from its beginning or from a later step: against a real Temporal server."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import AgentOutcome, TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.threads.command import CommandName, RetryStep
from airut.temporal.delivery import deliver
from tests.support.agent_results import done
from tests.support.asking import idle_after, orders, retry, status_of
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from tests.workflows.test_commands import at_work


async def test_a_failed_task_is_done_again_with_its_input_and_session(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    activities.agent = lambda order: done("no", AgentOutcome.FAILED)
    await deliver(client, mail("first", thread))
    await idle_after(client, thread, 1)
    activities.agent = lambda order: done("yes")
    assert await orders(client, thread, CommandName.RETRY) == "Task 2 does task 1 again."
    await idle_after(client, thread, 2)
    assert [[m.text.inline for m in order.task.messages] for order in activities.agent_inputs] == [["first"]] * 2
    assert len({order.task.session_id for order in activities.agent_inputs}) == 1
    assert await orders(client, thread, CommandName.RETRY) == "Task 2 ended as success: nothing to retry."
    assert await retry(client, thread) == f"{thread}/task-3"  # an operator may
    await idle_after(client, thread, 3)
    await retry(client, thread)  # the same order, sent twice
    await asyncio.sleep(0.5)
    assert (await status_of(client, thread)).tasks == 3


@pytest.mark.parametrize(
    ("step", "asked"),
    [
        (RetryStep.PUBLISH, ["prepare_workspace", "publish", "reply", "clean_up"]),
        (RetryStep.REPLY, ["reply", "clean_up"]),
    ],
)
async def test_a_retry_from_a_later_step_takes_what_is_recorded(
    temporal: WorkflowEnvironment,
    activities: ScriptedActivities,
    thread: str,
    step: RetryStep,
    asked: list[str],
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    activities.asked.clear()
    await retry(temporal.client, thread, step=step)
    await idle_after(temporal.client, thread, 2)
    assert activities.asked == asked
    answers = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER]
    assert [answer.task.number for answer in answers] == [1, 2]
    assert answers[0].text == answers[1].text
    assert answers[1].outcome is TaskOutcome.SUCCESS


async def test_what_cannot_be_retried_says_why(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await at_work(client, activities, thread)

    async def refused(**order: object) -> str:
        with pytest.raises(WorkflowUpdateFailedError) as raised:
            await retry(client, thread, **order)
        assert isinstance(raised.value.cause, ApplicationError)
        return str(raised.value.cause.type)

    assert await refused(key="a") == "task_open"
    activities.gate.set()
    await idle_after(client, thread, 1)
    assert await refused(key="b", task=7) == "nothing_to_retry"
    await orders(client, thread, CommandName.PAUSE)
    assert await refused(key="c") == "thread_paused"

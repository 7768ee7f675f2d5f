"""Buttons that stand beside a task, through the real client and the real workflows."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import AgentOutcome, TaskOutcome
from airut.models.tasks.retry import RetryOrder
from airut.models.tasks.steps import ReplyInput
from airut.models.threads.command import CommandName, ThreadCommand
from airut.ports.thread_control import ThreadGone, ThreadRefused
from airut.temporal.delivery import deliver
from airut.temporal.thread_control import TemporalThreadControl
from tests.support.agent_results import done
from tests.support.asking import command, idle_after, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities

pytestmark = pytest.mark.usefixtures("patient")


def pressed(thread: str, name: CommandName, task: int) -> ThreadCommand:
    return command(thread, name).model_copy(update={"task": task, "answered": False})


def again(task: int, key: str = "again") -> RetryOrder:
    return RetryOrder(key=key, author="ann@example.com", task=task, operator=False)


async def test_a_button_of_an_older_task_leaves_the_open_one_alone(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    control = TemporalThreadControl(temporal.client)
    await deliver(temporal.client, mail("first", thread))
    first = (await idle_after(temporal.client, thread, 1)).recent[0]
    activities.gate.clear()
    activities.interrupted = done("So far.", AgentOutcome.STOPPED)
    await deliver(temporal.client, mail("second", thread))
    await until(temporal.client, thread, lambda status: status.task == f"{thread}/task-2")

    stop = pressed(thread, CommandName.STOP, 1)
    for _ in range(2):
        await control.command(stop)
        (record,) = (await control.status(thread)).commands  # twice pressed, once carried out
    ended = f"Task 1 ended at {first.ended_at:%Y-%m-%d %H:%M UTC}."
    assert record.said == f"{ended} The conversation has gone on since, with task 2."
    with pytest.raises(ThreadRefused, match="A task is open"):
        await control.retry(thread, again(1))

    await control.command(pressed(thread, CommandName.STOP, 2))
    status = await idle_after(temporal.client, thread, 2)
    assert status.recent[-1].outcome is TaskOutcome.STOPPED
    assert all(reply.kind != "note" for reply in activities.replies)  # whoever pressed is told otherwise
    with pytest.raises(ThreadRefused) as refused:
        await control.retry(thread, again(1))
    assert str(refused.value) == record.said
    activities.gate.set()
    for _ in range(2):
        assert await control.retry(thread, again(2)) == f"{thread}/task-3"  # what was stopped can be done again
    assert (await idle_after(temporal.client, thread, 3)).tasks == 3


async def test_an_answer_can_be_pressed_before_its_task_knows_that_it_was_delivered(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    posted, away = asyncio.Event(), True

    def posting(order: ReplyInput) -> None:
        posted.set()
        if away:
            raise ApplicationError("the connection was lost after it", next_retry_delay=timedelta(seconds=0.5))

    activities.agent = lambda order: done("no", AgentOutcome.FAILED)
    activities.answer = posting
    control = TemporalThreadControl(temporal.client)
    await deliver(temporal.client, mail("first", thread))
    await posted.wait()
    with pytest.raises(ThreadRefused, match="A task is open"):  # an operator sees what it does
        await control.retry(thread, again(1, "operator").model_copy(update={"operator": True}))
    away = False
    assert await control.retry(thread, again(1)) == f"{thread}/task-2"
    assert (await idle_after(temporal.client, thread, 2)).tasks == 2


async def test_an_ended_thread_is_said_to_be_gone(temporal: WorkflowEnvironment) -> None:
    control, thread = TemporalThreadControl(temporal.client), f"web/slack/{uuid.uuid4().hex}"
    with pytest.raises(ThreadGone):
        await control.command(pressed(thread, CommandName.STOP, 1))
    with pytest.raises(ThreadGone):
        await control.retry(thread, again(1))
    with pytest.raises(ThreadGone):
        await control.status(thread)

"""A stop or a pause counts wherever a task is just then, also where a host or a mail server is away."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.models.tasks.outcome import AgentOutcome, TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.retry import RetryOrder
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.steps import ReplyInput
from airut.models.tasks.task import TaskInput, TaskStep
from airut.models.threads.command import AnswerOrder, CommandName
from airut.models.threads.message import ChannelKind
from airut.models.threads.steering import TaskMove, TaskStatus
from airut.temporal.delivery import deliver
from tests.support.agent_results import BLOB, QUESTION, asks, done, refused
from tests.support.asking import LIMIT, idle_after, it_asks, orders, until
from tests.support.messages import NOON, mail
from tests.support.scripted_activities import ScriptedActivities, in_turn
from workflows.task import TaskWorkflow
from workflows.turns import LOST, MOVED


async def once(reached: Callable[[], object]) -> None:
    """Wait for something that a scripted activity notes."""
    async with asyncio.timeout(LIMIT):
        while not reached():
            await asyncio.sleep(0.02)


def worker_goes() -> ApplicationError:
    """What an agent's activity ends with when its worker shuts down: the agent itself runs on."""
    words = "this worker shuts down; the agent runs on"
    return ApplicationError(words, type="WorkerDraining", category=ApplicationErrorCategory.BENIGN)


async def test_a_pause_while_the_host_worker_restarts_is_a_pause(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    activities.worker_goes = worker_goes()
    await deliver(temporal.client, mail("first", thread))
    await once(lambda: activities.agent_inputs)
    said = await orders(temporal.client, thread, CommandName.PAUSE)
    activities.gate.set()
    await orders(temporal.client, thread, CommandName.RESUME)
    status = await idle_after(temporal.client, thread, 1)
    assert "is paused" in said
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS]
    assert [(order.attempt, order.resume_note) for order in activities.agent_inputs] == [(1, None), (2, LOST)]
    assert [each.key for each in activities.settled] == [f"{thread}/task-1/1", f"{thread}/task-1/2"]


async def test_a_stop_while_the_host_worker_restarts_is_a_stop(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    activities.worker_goes = worker_goes()
    await deliver(temporal.client, mail("first", thread))
    await once(lambda: activities.agent_inputs)
    await orders(temporal.client, thread, CommandName.STOP)
    status = await idle_after(temporal.client, thread, 1)
    assert [task.outcome for task in status.recent] == [TaskOutcome.STOPPED]


def no_host() -> str:
    raise ApplicationError("every host is full")


@pytest.mark.parametrize("name", [CommandName.STOP, CommandName.PAUSE])
async def test_a_task_that_no_host_takes_can_be_stopped_and_paused(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, name: CommandName
) -> None:
    activities.place = no_host
    await deliver(temporal.client, mail("first", thread))
    await once(lambda: activities.asked)
    await orders(temporal.client, thread, name)
    activities.place = lambda: activities.host
    if name is CommandName.PAUSE:
        await orders(temporal.client, thread, CommandName.RESUME)
    status = await idle_after(temporal.client, thread, 1)
    expected = TaskOutcome.STOPPED if name is CommandName.STOP else TaskOutcome.SUCCESS
    assert [task.outcome for task in status.recent] == [expected]


async def test_a_second_host_that_goes_away_is_left_too(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.settings = ThreadSettings()
    activities.agent = lambda order: done("Done.").model_copy(update={"transcript": BLOB})
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    claims = iter(["gone-too", activities.host])
    activities.place = lambda: next(claims)
    await pinned_to(temporal, thread, "gone")
    await deliver(temporal.client, mail("second", thread))
    status = await idle_after(temporal.client, thread, 2)
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS] * 2
    assert activities.agent_inputs[-1].resume_note == MOVED
    notes = [note.split(",")[0] for note in activities.replies[-1].notes]
    assert notes == [
        "This conversation moved from host gone to gone-too",
        f"This conversation moved from host gone-too to {activities.host}",
    ]


async def pinned_to(temporal: WorkflowEnvironment, thread: str, host: str) -> None:
    """Let the thread believe that its workspace lies on a host whose worker is not there, and is not waited for. Only
    until another host has its workspace: a busy one may take nothing for a second either."""
    soon = ThreadSettings(host_lost_after_s=2.0)
    move = TaskMove(host=host, status=TaskStatus(step=TaskStep.CLOSED, since=NOON), settings=soon)
    await temporal.client.get_workflow_handle(thread).signal(contracts.MOVED, move)


def mail_server_is_away(order: ReplyInput) -> None:
    if order.kind is ReplyKind.QUESTION:
        raise ApplicationError("connection refused")


async def test_a_question_that_cannot_be_sent_yet_is_answered_elsewhere(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.answer = mail_server_is_away
    in_turn(activities, asks(), done("Done."))
    await it_asks(temporal.client, thread)
    order = AnswerOrder(question_id=QUESTION.id, choices=("tabs",), author="ann", key="k", at=NOON)
    await temporal.client.get_workflow_handle(thread).execute_update(contracts.ANSWER, order)
    status = await idle_after(temporal.client, thread, 1)
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS]


async def test_a_question_that_cannot_be_sent_yet_can_be_stopped(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.answer = mail_server_is_away
    in_turn(activities, asks(), done("Done."))
    await it_asks(temporal.client, thread)
    await orders(temporal.client, thread, CommandName.STOP)
    assert [task.outcome for task in (await idle_after(temporal.client, thread, 1)).recent] == [TaskOutcome.STOPPED]


async def test_a_question_that_is_refused_for_good_ends_the_task(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def refuse(order: ReplyInput) -> None:
        if order.kind is ReplyKind.QUESTION:
            raise ApplicationError("no such mailbox", non_retryable=True)

    activities.answer = refuse
    in_turn(activities, asks(), done("Done."))
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    assert [(each.outcome, each.detail) for each in activities.replies] == [
        (TaskOutcome.REPLY_FAILED, "no such mailbox")
    ]


@pytest.mark.parametrize("broken", [AgentOutcome.CONTEXT_FULL, AgentOutcome.SESSION_INVALID])
async def test_an_answer_is_given_again_to_a_session_that_had_to_be_recovered(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, broken: AgentOutcome
) -> None:
    in_turn(activities, asks(), refused(broken), refused(broken), done("Done."))
    await it_asks(temporal.client, thread)
    await deliver(temporal.client, mail("2", thread))
    await idle_after(temporal.client, thread, 1)
    again = activities.agent_inputs[1:]
    assert len(again) == 3
    assert [(order.question, order.answered_by and order.answered_by.text.inline) for order in again] == [
        (QUESTION, "2")
    ] * 3


async def test_an_answer_that_was_taken_is_not_given_again(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    in_turn(activities, asks(), refused(AgentOutcome.CONTEXT_FULL, prompt_taken=True), done("Done."))
    await it_asks(temporal.client, thread)
    await deliver(temporal.client, mail("2", thread))
    await idle_after(temporal.client, thread, 1)
    last = activities.agent_inputs[-1]
    assert (last.compact, last.tell, last.question, last.answered_by) == (True, False, None, None)


async def test_a_fault_of_our_own_is_answered_too(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    """Here a session whose id is none, which no thread would hand on."""
    activities.agent = lambda order: refused(AgentOutcome.SESSION_INVALID)
    task = TaskInput(
        thread=thread,
        repo="web",
        channel=ChannelKind.EMAIL,
        number=1,
        messages=(mail("first", thread),),
        session_id="no id",
    )
    with pytest.raises(WorkflowFailureError) as failed:
        await temporal.client.execute_workflow(
            TaskWorkflow.run,
            task,
            id=task.id,
            task_queue=contracts.CONTROL_QUEUE,
            execution_timeout=timedelta(minutes=1),
        )
    assert str(failed.value.cause) == "internal_error: internal_error: ValueError"
    assert [(reply.outcome, reply.detail) for reply in activities.replies] == [
        (TaskOutcome.INTERNAL_ERROR, "ValueError")
    ]


async def test_an_answer_that_a_stop_overtook_is_told_when_the_task_is_done_again(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    in_turn(activities, asks(), done("Done."))
    await it_asks(client, thread)
    await orders(client, thread, CommandName.PAUSE)
    order = AnswerOrder(question_id=QUESTION.id, choices=("tabs",), author="ann", key="k", at=NOON)
    await client.get_workflow_handle(thread).execute_update(contracts.ANSWER, order)
    await orders(client, thread, CommandName.STOP)
    await until(client, thread, lambda status: bool(status.recent))
    await orders(client, thread, CommandName.RESUME)
    await client.get_workflow_handle(thread).execute_update(contracts.RETRY, RetryOrder(key="r", author="op"))
    await idle_after(client, thread, 2)
    told = [message.text.inline for message in activities.agent_inputs[-1].task.messages]
    assert told == ["first", "> Tabs or spaces?\n\ntabs"]

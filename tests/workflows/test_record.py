"""A task's record: what joined it and what answered it is done again, told and counted like its first message."""

import asyncio
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import AgentOutcome, TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.task import TaskStep
from airut.models.threads.command import CommandName
from airut.models.threads.message import InboundMessage
from airut.temporal.delivery import deliver
from tests.support.agent_results import REQUEST, asks, done
from tests.support.asking import LIMIT, agents_run, idle_after, it_asks, orders, status_of, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities, in_turn


def words(messages: tuple[InboundMessage, ...]) -> list[str | None]:
    return [message.text.inline for message in messages]


async def preparing(
    client: Client, activities: ScriptedActivities, thread: str, *texts: str, notes: tuple[str, ...] = ()
) -> None:
    """A first task that waits for its workspace, and is joined by what follows its first message, with these notes."""
    activities.room.clear()
    first, *more = texts
    await deliver(client, mail(first, thread))
    async with asyncio.timeout(LIMIT):
        while (await status_of(client, thread)).task is None:  # asked at once: there are two seconds to join it
            pass
    for text in more:
        await deliver(client, mail(text, thread).model_copy(update={"notes": notes}))
    await until(client, thread, lambda _: "prepare_workspace" in activities.asked)
    await taken(client, f"{thread}/task-1", len(more))


async def taken(client: Client, task: str, orders: int) -> None:
    """Until the thread has passed so many orders on to its task: before that they are not the task's."""
    async with asyncio.timeout(LIMIT):
        while await _passed_on(client, task) < orders:
            await asyncio.sleep(0.05)


async def _passed_on(client: Client, task: str) -> int:
    history = await client.get_workflow_handle(task).fetch_history()
    return sum(event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED for event in history.events)


async def test_a_retry_has_the_messages_that_joined(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    in_turn(activities, done("no", AgentOutcome.FAILED), done("yes"))
    await preparing(client, activities, thread, "first", "second")
    activities.room.set()
    await idle_after(client, thread, 1)
    await orders(client, thread, CommandName.RETRY)
    await idle_after(client, thread, 2)
    assert [words(order.task.messages) for order in activities.agent_inputs] == [["first", "second"]] * 2
    answers = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER]
    assert [words(answer.task.messages) for answer in answers] == [["first", "second"]] * 2


async def test_a_retry_has_the_message_that_was_an_answer(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    in_turn(activities, asks(), done("no", AgentOutcome.FAILED), done("yes"))
    await it_asks(client, thread)
    await deliver(client, mail("2", thread))
    await idle_after(client, thread, 1)
    await orders(client, thread, CommandName.RETRY)
    await idle_after(client, thread, 2)
    assert words(activities.agent_inputs[-1].task.messages) == ["first", "2"]


async def test_a_reply_mentions_what_could_not_be_taken_of_a_message_that_joined(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await preparing(temporal.client, activities, thread, "first", "second", notes=("a.zip was too large",))
    activities.room.set()
    await idle_after(temporal.client, thread, 1)
    assert [(words(reply.task.messages), reply.notes) for reply in activities.replies] == [
        (["first", "second"], ("a.zip was too large",))
    ]


async def test_a_terminated_task_is_answered_to_all_who_had_joined_it(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    activities.gate.clear()
    await preparing(client, activities, thread, "first", "second")
    activities.room.set()
    await agents_run(activities)
    await client.get_workflow_handle(f"{thread}/task-1").terminate()
    await idle_after(client, thread, 1)
    activities.gate.set()
    await orders(client, thread, CommandName.RETRY)
    status = await idle_after(client, thread, 2)
    answers = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER]
    assert [answer.outcome for answer in answers] == [TaskOutcome.INTERNAL_ERROR, TaskOutcome.SUCCESS]
    assert [words(answer.task.messages) for answer in answers] == [["first", "second"]] * 2
    assert (status.tasks, words(activities.agent_inputs[-1].task.messages)) == (2, ["first", "second"])


async def test_a_task_terminated_after_its_reply_keeps_its_result_and_is_not_answered_again(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client, stuck = temporal.client, True

    def busy(order: object) -> None:
        if stuck:
            raise ApplicationError("busy", next_retry_delay=timedelta(seconds=0.3))

    activities.tidy = busy
    await deliver(client, mail("first", thread))
    await until(client, thread, lambda s: s.open_task is not None and s.open_task.step is TaskStep.REPLYING)
    await client.get_workflow_handle(f"{thread}/task-1").terminate()
    stuck = False
    status = await idle_after(client, thread, 1)
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.SUCCESS]
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS]
    assert (status.branch, status.pull_request, status.usage.cost_usd) == ("airut/add", REQUEST, 0.25)
    assert status.last_reply is not None
    last = activities.cleaned[-1]
    assert (last.task.id, last.every, last.delivered) == (f"{thread}/task-1", True, True)


async def test_a_task_that_ended_early_does_not_speak_with_the_words_of_the_one_before(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    activities.agent = lambda order: done("no", AgentOutcome.FAILED)
    await deliver(client, mail("first", thread))
    await idle_after(client, thread, 1)

    def refuse(order: object) -> None:
        raise ApplicationError("no permission", type="workspace_failed", non_retryable=True)

    activities.workspace = refuse
    await orders(client, thread, CommandName.RETRY)
    await idle_after(client, thread, 2)
    last = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER][-1]
    assert (last.outcome, last.text) == (TaskOutcome.WORKSPACE_FAILED, None)

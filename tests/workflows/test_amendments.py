"""Messages that are changed or taken back: before, while and after a task takes them."""

import asyncio
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.amendment import TOO_LATE, Amendment
from airut.models.threads.command import CommandName, ThreadCommand, without_text
from airut.models.threads.message import InboundMessage
from airut.models.threads.thread import ThreadPhase
from airut.temporal.delivery import amend_if_open, deliver
from tests.support.agent_results import done
from tests.support.asking import agents_run, idle_after, orders, status_of, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities, in_turn


def edit(message: InboundMessage, text: str, at: float = 1.0) -> Amendment:
    becomes = mail(text, message.thread).model_copy(update={"key": message.key})
    return Amendment(key=f"{message.key}/{at}", target=message.key, thread=message.thread, at=at, becomes=becomes)


def taken_back(message: InboundMessage, at: float = 9.0) -> Amendment:
    return Amendment(key=f"{message.key}/{at}", target=message.key, thread=message.thread, at=at, becomes=None)


async def amend(client: Client, *amendments: Amendment) -> None:
    for amendment in amendments:
        assert await amend_if_open(client, amendment)


def told(activities: ScriptedActivities) -> list[list[str | None]]:
    """The texts of each task."""
    return [[message.text.inline for message in order.task.messages] for order in activities.agent_inputs]


async def test_what_waits_is_changed_in_its_place_and_what_runs_is_not(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    first, second, third, fourth = (mail(text, thread) for text in ("first", "second", "third", "fourth"))
    await deliver(temporal.client, first)
    await agents_run(activities)
    for message in (second, third, fourth):
        await deliver(temporal.client, message)
    newest = edit(second, "second, again", at=3.0)
    await amend(temporal.client, newest, edit(second, "second, older", at=2.0), newest)
    await amend(temporal.client, taken_back(third), edit(third, "third, older", at=2.0))
    await amend(temporal.client, edit(first, "first, late", at=4.0), edit(first, "first, late", at=4.0))
    await amend(temporal.client, taken_back(first))  # a running task is stopped by a command alone
    await until(temporal.client, thread, lambda status: len(status.queue) == 2)
    activities.gate.set()
    await idle_after(temporal.client, thread, 2)
    assert told(activities) == [["first"], ["second, again", "fourth"]]
    notes = [(reply.detail, reply.private, reply.task.messages[0].key) for reply in activities.replies if reply.detail]
    assert notes == [(TOO_LATE, True, first.key)]
    await amend(temporal.client, edit(fourth, "fourth, late"))
    async with asyncio.timeout(60):
        while len(activities.replies) < 4:
            await asyncio.sleep(0.02)
    assert activities.replies[-1].private
    assert (await status_of(temporal.client, thread)).tasks == 2


async def test_an_edit_makes_a_command_of_a_message_that_waits(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    second = mail("stpo", thread)
    await deliver(temporal.client, second)
    order = ThreadCommand(name=CommandName.STOP, message=without_text(second))
    await amend(temporal.client, edit(second, "").model_copy(update={"becomes": order}))
    status = await until(temporal.client, thread, lambda status: len(status.recent) == 1)
    assert (status.recent[0].outcome, status.queue) == (TaskOutcome.STOPPED, ())
    assert [record.name for record in status.commands] == [CommandName.STOP]
    activities.gate.set()


async def test_a_change_that_comes_before_its_message_is_kept_ten_minutes(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    client = skipping.client
    second, third, fourth = (mail(text, thread) for text in ("second", "third", "fourth"))
    with skipping.with_time_skipping_disabled():  # which would be over the ten minutes, and a quiet month, at once
        await deliver(client, mail("first", thread))
        await idle_after(client, thread, 1)
        await amend(client, edit(second, "second, again"), taken_back(third), edit(fourth, "fourth, forgotten"))
        await deliver(client, third)  # which nobody is told of, and nothing runs for
        await deliver(client, second)
        await idle_after(client, thread, 2)
    await skipping.fast_forward(client.get_workflow_handle(thread), timedelta(minutes=11))
    await deliver(client, fourth)
    await idle_after(client, thread, 3)
    assert told(far) == [["first"], ["second, again"], ["fourth"]]


async def test_the_only_message_is_taken_back_before_anything_ran(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    """The archive is read first, so that both come early; it answers once both are there."""
    message = mail("never mind", thread)
    known = asyncio.Event()
    activities.recall = lambda _: None if known.is_set() else (_ for _ in ()).throw(OSError("not yet"))
    await deliver(temporal.client, message)
    await amend(temporal.client, edit(message, "never, never mind"), taken_back(message))
    known.set()
    async with asyncio.timeout(60):
        await temporal.client.get_workflow_handle(thread).result()
    description = await temporal.client.get_workflow_handle(thread).describe()
    assert description.status is WorkflowExecutionStatus.COMPLETED
    # Nothing but the keys of both, by which a redelivery stays without effect.
    assert (activities.asked, activities.replies) == (["keep_archive"], [])
    await deliver(temporal.client, message)
    async with asyncio.timeout(60):
        await temporal.client.get_workflow_handle(thread).result()
    assert (activities.agent_inputs, activities.replies) == ([], [])


async def test_what_mentions_us_only_since_its_change_is_a_new_message(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    change = edit(mail("second", thread), "second, for you").model_copy(update={"begins": True})
    await amend(temporal.client, change, change)
    status = await idle_after(temporal.client, thread, 2)
    assert (told(activities), status.phase) == ([["first"], ["second, for you"]], ThreadPhase.IDLE)


async def test_a_paused_threads_queue_is_changed(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    in_turn(activities, done("one"))
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    await orders(temporal.client, thread, CommandName.PAUSE)
    second = mail("second", thread)
    await deliver(temporal.client, second)
    await until(temporal.client, thread, lambda status: len(status.queue) == 1)
    await amend(temporal.client, taken_back(second))
    await until(temporal.client, thread, lambda status: not status.queue)
    await orders(temporal.client, thread, CommandName.RESUME)
    assert (await status_of(temporal.client, thread)).phase is ThreadPhase.IDLE
    assert told(activities) == [["first"]]

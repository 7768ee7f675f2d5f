"""How a thread is closed, and begins again: nothing starts after the end, and no number is given twice."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut.models.mail.message_id import build_message_id
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import ReplyInput
from airut.models.threads.archive import MISSING, NUMBERS_BEGIN, UNREADABLE
from airut.models.threads.command import CommandName
from airut.models.threads.message import MailRoute
from airut.models.threads.notices import not_kept
from airut.models.threads.thread import ThreadPhase
from airut.temporal.delivery import command as deliver_command
from airut.temporal.delivery import deliver
from tests.support.asking import command, idle_after, orders, retry, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from tests.workflows.test_record import preparing, taken, words


def notes(activities: ScriptedActivities) -> list[ReplyInput]:
    return [reply for reply in activities.replies if reply.kind is ReplyKind.NOTE]


async def closed(client: Client, activities: ScriptedActivities, thread: str) -> None:
    """A thread that has done one task and has ended."""
    await deliver(client, mail("first", thread))
    await idle_after(client, thread, 1)
    await orders(client, thread, CommandName.CLOSE)
    await client.get_workflow_handle(thread).result()


async def test_no_note_of_a_later_life_has_the_number_of_an_earlier_one(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await closed(client, activities, thread)  # its note comes after the archive was written
    for _ in range(2):
        await deliver_command(client, command(thread, CommandName.STATUS))
        await client.get_workflow_handle(thread).result()
    numbers = [(note.task.number, note.seq) for note in notes(activities)]
    assert len(numbers) == 3
    assert len(set(numbers)) == 3
    assert numbers == sorted(numbers)


async def test_a_command_that_comes_again_when_nothing_was_ever_run_is_answered_once(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    """A channel is read again after each loss of its connection."""
    order = command(thread, CommandName.HELP)
    for _ in range(2):
        await deliver_command(temporal.client, order)
        await temporal.client.get_workflow_handle(thread).result()
    assert len(notes(activities)) == 1


async def test_commands_that_start_the_thread_find_what_it_was(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await closed(client, activities, thread)
    await deliver_command(client, command(thread, CommandName.PAUSE))
    status = await until(client, thread, lambda status: bool(status.commands))
    assert status.commands[0].said == ("The conversation (Add a file) is paused. No message waits. `resume` goes on.")
    assert (status.phase, status.tasks) == (ThreadPhase.PAUSED, 1)


async def test_an_archive_that_is_away_is_waited_for_and_nothing_is_done_twice(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    client, tries = skipping.client, []
    with skipping.with_time_skipping_disabled():  # which would be over a quiet month at once
        await closed(client, far, thread)

    def away(thread: str) -> None:
        tries.append(thread)
        if len(tries) < 4:
            raise ApplicationError("the disk is away", next_retry_delay=timedelta(hours=1))

    far.recall = away
    with skipping.with_time_skipping_disabled():
        await deliver(client, mail("first", thread))  # redelivered
        await deliver(client, mail("second", thread))
        waiting = await until(client, thread, lambda status: len(status.queue) == 2)
    assert (waiting.phase, waiting.tasks) == (ThreadPhase.IDLE, 0)
    await skipping.fast_forward(client.get_workflow_handle(thread), timedelta(hours=4))
    status = await until(client, thread, lambda status: status.tasks == 2 and status.task is None)
    assert [words(order.task.messages) for order in far.agent_inputs] == [["first"], ["second"]]
    assert [task.number for task in status.recent] == [2]
    assert len(tries) == 4


async def test_an_archive_that_cannot_be_read_for_good_is_told_and_no_number_comes_twice(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await closed(client, activities, thread)

    def broken(thread: str) -> None:
        raise ApplicationError("damaged", non_retryable=True)

    activities.recall = broken
    await deliver(client, mail("second", thread))
    status = await idle_after(client, thread, 1)
    first, second = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER]
    since = (status.since - NUMBERS_BEGIN).total_seconds()
    assert (first.task.number, status.recent[0].outcome) == (1, TaskOutcome.SUCCESS)
    assert since - 600 < second.task.number <= since + 1
    assert second.notes == (not_kept((UNREADABLE,)),)


async def test_a_reply_to_a_conversation_of_which_nothing_is_kept_is_told_and_no_number_comes_twice(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    message = mail("again", thread)
    assert isinstance(message.route, MailRoute)
    ours = build_message_id("abcdefghij234567", 1, ReplyKind.ANSWER, 0, "example.com")
    route = message.route.model_copy(update={"token": "abcdefghij234567", "references": ("<root@example.com>", ours)})
    await deliver(temporal.client, message.model_copy(update={"route": route}))
    status = await idle_after(temporal.client, thread, 1)
    (answer,) = activities.replies
    since = (status.since - NUMBERS_BEGIN).total_seconds()
    assert since - 600 < answer.task.number <= since + 1
    assert answer.notes == (not_kept((MISSING,)),)


async def test_what_had_joined_a_task_is_dropped_with_the_rest_and_starts_nothing(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await preparing(client, activities, thread, "first", "second")
    order = command(thread, CommandName.CLOSE)
    await deliver_command(client, order)
    await until(client, thread, lambda status: "being closed" in status.waiting)
    await taken(client, f"{thread}/task-1", 2)
    activities.room.set()
    await client.get_workflow_handle(thread).result()
    said = [note.detail for note in notes(activities)]
    assert len(said) == 1
    assert "were dropped:\n\n- ann@example.com, 2026-03-29 12:00 UTC: second" in said[0]
    assert activities.agent_inputs == []
    answers = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER]
    assert [(answer.outcome, words(answer.task.messages)) for answer in answers] == [(TaskOutcome.STOPPED, ["first"])]


async def test_a_message_that_comes_after_a_close_is_for_the_next_life(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await preparing(client, activities, thread, "first")
    await deliver_command(client, command(thread, CommandName.CLOSE))
    await until(client, thread, lambda status: "being closed" in status.waiting)
    await deliver(client, mail("second", thread))  # within the burst, yet after the close
    await deliver_command(client, command(thread, CommandName.STOP))
    await taken(client, f"{thread}/task-1", 1)
    activities.room.set()
    status = await idle_after(client, thread, 2)
    assert [task.outcome for task in status.recent] == [TaskOutcome.STOPPED, TaskOutcome.SUCCESS]
    assert [words(order.task.messages) for order in activities.agent_inputs] == [["second"]]
    assert activities.asked.count("archive_thread") == 1


@pytest.mark.parametrize("name", [CommandName.PAUSE, CommandName.RETRY, CommandName.RESUME])
async def test_a_thread_that_is_being_closed_says_so(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, name: CommandName
) -> None:
    client = temporal.client
    await preparing(client, activities, thread, "first")
    await deliver_command(client, command(thread, CommandName.CLOSE))
    assert "being closed" in await orders(client, thread, name)
    await taken(client, f"{thread}/task-1", 1)
    activities.room.set()
    await client.get_workflow_handle(thread).result()
    assert activities.agent_inputs == []


async def test_a_message_does_not_wait_until_the_end_of_the_life_before_could_be_told(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client, away = temporal.client, True

    def answer(order: ReplyInput) -> None:
        if away and order.kind is ReplyKind.NOTE:
            raise ApplicationError("the mail server is away", next_retry_delay=timedelta(seconds=0.5))

    activities.answer = answer
    await deliver(client, mail("first", thread))
    await idle_after(client, thread, 1)
    await deliver_command(client, command(thread, CommandName.CLOSE))
    await until(client, thread, lambda status: any(each.name is CommandName.CLOSE for each in status.commands))
    await deliver(client, mail("second", thread))
    await idle_after(client, thread, 2)
    assert notes(activities) == []
    away = False
    async with asyncio.timeout(60):
        while not notes(activities):
            await asyncio.sleep(0.05)
    assert [note.detail.split(".")[0] for note in notes(activities)] == ["The conversation is closed"]


async def test_a_stop_that_came_too_late_does_not_speak_of_a_resume(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client, away, tried = temporal.client, True, asyncio.Event()

    def answer(order: ReplyInput) -> None:
        tried.set()
        if away and order.kind is ReplyKind.ANSWER:
            raise ApplicationError("the mail server is away", next_retry_delay=timedelta(seconds=0.5))

    activities.answer = answer
    await deliver(client, mail("first", thread))
    await tried.wait()
    order = command(thread, CommandName.STOP)
    await deliver_command(client, order)
    await asyncio.sleep(2.1)  # beyond the first burst
    await deliver(client, mail("second", thread))
    await until(client, thread, lambda status: bool(status.queue))
    away = False
    status = await idle_after(client, thread, 2)
    assert [each.said for each in status.commands] == [
        "Task 1 ended as `success`. 1 message waits. The next task begins with it."
    ]


async def test_a_stop_of_a_publication_says_who_stopped_it(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await deliver(client, mail("first", thread))
    await idle_after(client, thread, 1)
    activities.room.clear()
    await retry(client, thread, step="publish")
    while activities.asked.count("prepare_workspace") < 2:
        await asyncio.sleep(0.02)
    await deliver_command(client, command(thread, CommandName.STOP))
    await taken(client, f"{thread}/task-2", 1)
    activities.room.set()
    await idle_after(client, thread, 2)
    last = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER][-1]
    assert (last.outcome, last.detail) == (TaskOutcome.STOPPED, "by ann@example.com")
    assert activities.asked.count("publish") == 1

"""Pause, resume, stop, close, status, help: against a real Temporal server."""

import asyncio

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.models.tasks.outcome import AgentOutcome, TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult, TaskStep
from airut.models.threads.command import CommandName
from airut.models.threads.notices import Acceptance, refusal
from airut.models.threads.thread import ThreadPhase
from airut.temporal.delivery import command as deliver_command
from airut.temporal.delivery import deliver, report_if_open
from tests.signals.mail.test_bounces import BOUNCE
from tests.support.agent_results import done
from tests.support.asking import agents_run, command, idle_after, orders, status_of, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities


async def at_work(client: Client, activities: ScriptedActivities, thread: str) -> None:
    """A first task whose agent runs, and leaves this when it is interrupted."""
    activities.gate.clear()
    activities.interrupted = done("So far.", AgentOutcome.STOPPED).model_copy(update={"ran_s": 5.0})
    await deliver(client, mail("first", thread))
    await agents_run(activities)


async def test_a_pause_holds_the_task_and_a_resume_goes_on_with_its_session(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await at_work(client, activities, thread)
    said = await orders(client, thread, CommandName.PAUSE)
    status = await status_of(client, thread)
    assert said == "The conversation (Add a file) is paused. No message waits. `resume` goes on."
    assert (status.phase, status.next_command) == (ThreadPhase.PAUSED, "resume")
    assert status.open_task is not None
    assert status.open_task.step is TaskStep.PAUSED
    assert activities.cleaned[0].attempts == 1  # the container is gone

    await deliver(client, mail("second", thread))
    async with asyncio.timeout(60):
        while not [reply for reply in activities.replies if "will run after `resume`" in reply.detail]:
            await asyncio.sleep(0.05)
    assert await orders(client, thread, CommandName.PAUSE) == (
        f"There is nothing to pause: the conversation is paused since {status.since:%Y-%m-%d %H:%M UTC} by ann@example.com."
    )

    activities.gate.set()
    assert await orders(client, thread, CommandName.RESUME) == "Task 1 goes on. 1 message waits."
    await idle_after(client, thread, 2)
    first, again, second = activities.agent_inputs
    assert [order.attempt for order in (first, again, second)] == [1, 2, 1]
    assert first.session_id == again.session_id
    assert (again.resume_note or "").startswith("[You were paused from ")
    assert again.time_left_s == (first.time_left_s or 0) - 5  # only running time counts
    assert [message.text.inline for message in second.task.messages] == ["second"]
    answers = [reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER]
    assert [answer.outcome for answer in answers] == [TaskOutcome.SUCCESS, TaskOutcome.SUCCESS]
    assert answers[0].usage.cost_usd == 0.5  # both sandboxes count
    assert await orders(client, thread, CommandName.RESUME) == "There is nothing to resume: the conversation is idle."


async def test_what_was_not_taken_in_before_a_pause_is_told_again(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await at_work(temporal.client, activities, thread)
    assert activities.interrupted is not None
    taken = activities.interrupted.verdict.model_copy(update={"prompt_taken": True})
    await orders(temporal.client, thread, CommandName.PAUSE)
    await orders(temporal.client, thread, CommandName.RESUME)
    await agents_run(activities, 2)
    activities.interrupted = activities.interrupted.model_copy(update={"verdict": taken})
    await orders(temporal.client, thread, CommandName.PAUSE)
    activities.gate.set()
    await orders(temporal.client, thread, CommandName.RESUME)
    await idle_after(temporal.client, thread, 1)
    assert [order.tell for order in activities.agent_inputs] == [True, True, False]


async def test_a_pause_of_an_idle_thread_only_queues(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    await orders(temporal.client, thread, CommandName.PAUSE)
    await deliver(temporal.client, mail("second", thread))
    await asyncio.sleep(0.5)
    assert (await status_of(temporal.client, thread)).tasks == 1
    assert await orders(temporal.client, thread, CommandName.RESUME) == (
        "The conversation is no longer paused. 1 message waits."
    )
    assert (await idle_after(temporal.client, thread, 2)).tasks == 2


async def test_a_stop_ends_the_task_keeps_the_thread_and_holds_the_queue(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await at_work(client, activities, thread)
    await asyncio.sleep(2.1)  # beyond the first burst
    await deliver(client, mail("second", thread))
    said = await orders(client, thread, CommandName.STOP)
    status = await status_of(client, thread)
    assert said == (
        "Task 1 ended as `stopped`. 1 message waits. `resume` starts a task with it, `close` ends the conversation."
    )
    assert (status.phase, len(status.queue)) == (ThreadPhase.PAUSED, 1)
    answer = next(reply for reply in activities.replies if reply.kind is ReplyKind.ANSWER)
    assert (answer.outcome, answer.detail) == (TaskOutcome.STOPPED, "by ann@example.com")
    assert answer.text is not None
    assert answer.text.inline == "So far."
    activities.gate.set()
    await orders(client, thread, CommandName.RESUME)
    assert (await idle_after(client, thread, 2)).recent[-1].outcome is TaskOutcome.SUCCESS
    assert await orders(client, thread, CommandName.STOP) == "There is nothing to stop: the conversation is idle."


@pytest.mark.parametrize("held", [CommandName.PAUSE, CommandName.STOP])
async def test_a_paused_task_can_be_stopped(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, held: CommandName
) -> None:
    await at_work(temporal.client, activities, thread)
    await orders(temporal.client, thread, held)
    if held is CommandName.PAUSE:
        await orders(temporal.client, thread, CommandName.STOP)
    status = await until(temporal.client, thread, lambda status: status.task is None)
    assert [task.outcome for task in status.recent] == [TaskOutcome.STOPPED]
    assert len(activities.agent_inputs) == 1


async def test_a_command_delivered_twice_counts_once_and_a_strangers_not_at_all(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    handle = temporal.client.get_workflow_handle(thread)
    order = command(thread, CommandName.STATUS)
    for _ in range(3):
        await handle.signal(contracts.CONTROL, order)
    await handle.signal(contracts.CONTROL, command(thread, CommandName.CLOSE, "eve@example.com"))
    async with asyncio.timeout(60):
        while sum(reply.kind is ReplyKind.NOTE for reply in activities.replies) < 2:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)  # a third one would come now
    status = await until(temporal.client, thread, lambda status: bool(status.commands))
    notes = [(note.task.messages[0].author, note.detail) for note in activities.replies if note.kind is ReplyKind.NOTE]
    assert [each.name for each in status.commands] == [CommandName.STATUS]
    assert ("eve@example.com", refusal(Acceptance.NOT_PARTICIPANT)) in notes
    assert len(notes) == 2
    assert "The last task, 1, ended as `success`." in status.commands[0].said


async def test_help_names_the_word_that_is_none(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    order = command(thread, CommandName.HELP).model_copy(update={"unknown": "fly"})
    await temporal.client.get_workflow_handle(thread).signal(contracts.CONTROL, order)
    status = await until(temporal.client, thread, lambda status: bool(status.commands))
    assert status.commands[0].said.startswith("`fly` is not a command, and was not run.")


async def test_an_answer_that_bounced_is_shown_and_begins_nothing(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    bounce = BOUNCE.model_copy(update={"thread": thread, "task": 1})
    assert not await report_if_open(temporal.client, bounce)
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    for _ in range(2):
        assert await report_if_open(temporal.client, bounce)
    status = await until(temporal.client, thread, lambda status: bool(status.bounces))
    assert (status.bounces, status.tasks, status.phase) == ((bounce,), 1, ThreadPhase.IDLE)
    await orders(temporal.client, thread, CommandName.CLOSE)
    await temporal.client.get_workflow_handle(thread).result()
    assert activities.archives[thread].bounces == (bounce,)


async def test_what_a_channel_says_of_a_mail_that_it_did_not_take_begins_nothing(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    told = command(thread, CommandName.HELP).model_copy(update={"said": "**Your mail was not taken.**"})
    await deliver_command(temporal.client, told)
    await temporal.client.get_workflow_handle(thread).result()
    assert [reply.detail for reply in activities.replies] == ["**Your mail was not taken.**"]
    assert activities.agent_inputs == []


async def test_a_close_ends_everything_and_a_later_message_begins_from_the_archive(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    await at_work(client, activities, thread)
    await asyncio.sleep(2.1)  # beyond the first burst
    await deliver(client, mail("second", thread))
    said = await orders(client, thread, CommandName.CLOSE)
    assert "These messages were waiting, and were dropped:" in said
    assert "second" in said
    handle = client.get_workflow_handle(thread)
    await handle.result()
    assert (await status_of(client, thread)).phase is ThreadPhase.ENDED
    assert activities.asked[-4:].count("archive_thread") == 1
    assert "remove_thread" in activities.asked
    assert activities.archives[thread].participants == ("ann@example.com",)

    activities.gate.set()
    await deliver(client, mail("first", thread))  # redelivered: known, so the new run ends at once
    await handle.result()
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert len(activities.agent_inputs) == 1

    await deliver(client, mail("third", thread))
    status = await idle_after(client, thread, 1)
    assert status.tasks == 2
    last = activities.agent_inputs[-1]
    assert (last.task.number, last.task.session_id) == (2, activities.agent_inputs[0].task.session_id)
    await deliver(client, mail("let me in", thread, author="eve@example.com"))
    await asyncio.sleep(0.5)
    assert (await status_of(client, thread)).tasks == 2


@pytest.mark.parametrize("name", [CommandName.PAUSE, CommandName.CLOSE, CommandName.RETRY])
async def test_a_command_to_a_thread_that_never_was_is_answered_and_ends(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, name: CommandName
) -> None:
    await deliver_command(temporal.client, command(thread, name))
    handle = temporal.client.get_workflow_handle(thread)
    async with asyncio.timeout(60):
        await handle.result()
    assert [(reply.kind, reply.detail) for reply in activities.replies] == [
        (ReplyKind.NOTE, f"There is nothing to {name}: this conversation has no task yet.")
    ]
    # That it was answered is all that is kept: a channel that is read again brings the command again.
    assert [(archive.tasks, len(archive.keys)) for archive in activities.archives.values()] == [(0, 1)]


async def test_the_first_burst_is_one_task(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    held = asyncio.Event()

    def slow(order: AgentInput) -> AgentResult:
        held.set()
        return done("Done.")

    activities.agent = slow
    await asyncio.gather(*(deliver(temporal.client, mail(f"part {number}", thread)) for number in range(6)))
    async with asyncio.timeout(60):
        while sum(len(order.task.messages) for order in activities.agent_inputs) < 6:
            await asyncio.sleep(0.05)
    status = await idle_after(temporal.client, thread, 1)
    assert status.tasks <= 2
    told = [message.text.inline for order in activities.agent_inputs for message in order.task.messages]
    assert sorted(map(str, told)) == [f"part {number}" for number in range(6)]

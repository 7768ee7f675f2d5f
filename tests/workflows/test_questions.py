"""An agent asks: its question is posted, asked again, answered days later or given up."""

import asyncio
from datetime import UTC, datetime

from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.threads.command import AnswerOrder, CommandName
from airut.models.threads.thread import ThreadPhase
from airut.temporal.delivery import deliver
from tests.support.agent_results import QUESTION, asks, done
from tests.support.asking import idle_after, it_asks, orders, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities, in_turn
from tests.workflows.test_waits import finish


async def _asked(activities: ScriptedActivities):  # type: ignore[no-untyped-def]  # a ReplyInput
    async with asyncio.timeout(60):
        while not (found := [reply for reply in activities.replies if reply.question]):
            await asyncio.sleep(0.05)
    return found[0]


async def test_a_question_is_posted_and_its_answer_days_later_goes_on(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    client = skipping.client
    in_turn(far, asks(), done("Done."))
    with skipping.with_time_skipping_disabled():
        status = await it_asks(client, thread)
        asked = await _asked(far)
        async with asyncio.timeout(60):
            while not far.cleaned:  # no container waits
                await asyncio.sleep(0.05)
    assert (status.phase, status.next_command) == (ThreadPhase.RUNNING, "answer")
    assert asked.text is not None
    assert (asked.question, asked.text.inline) == (QUESTION, "I have to know something.")
    await deliver(client, mail("2", thread))
    await idle_after(client, thread, 1)
    again = far.agent_inputs[-1]
    assert again.question == QUESTION
    assert again.answered_by is not None
    assert (again.tell, again.answered_by.text.inline) == (False, "2")
    answer = next(reply for reply in far.replies if reply.kind is ReplyKind.ANSWER)
    assert [message.text.inline for message in answer.task.messages] == ["first", "2"]


async def test_a_question_is_asked_again_and_expires(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    in_turn(far, asks(), done("Done."))
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.QUESTION_EXPIRED]
    reminders = [reply.detail for reply in far.replies if reply.kind is ReplyKind.QUESTION and not reply.question]
    assert len(reminders) == 2
    assert all("Tabs or spaces?" in words for words in reminders)
    assert [reply.outcome for reply in far.replies if reply.kind is ReplyKind.ANSWER] == [TaskOutcome.QUESTION_EXPIRED]


async def test_the_first_answer_counts_and_what_follows_is_queued(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    client = skipping.client
    in_turn(far, asks(), done("Done."))
    with skipping.with_time_skipping_disabled():
        await it_asks(client, thread)
        far.gate.clear()
        order = AnswerOrder(question_id="toolu_1", choices=("tabs",), author="ann", key="k", at=datetime.now(UTC))
        await client.get_workflow_handle(thread).execute_update(contracts.ANSWER, order)
        await deliver(client, mail("too late", thread))
        status = await until(client, thread, lambda status: bool(status.queue))
        far.gate.set()
        await idle_after(client, thread, 2)
    assert [message.first_line for message in status.queue] == ["too late"]
    assert far.agent_inputs[1].answer is not None
    assert far.agent_inputs[1].answer.replies == ("tabs",)
    assert [m.text.inline for m in far.agent_inputs[2].task.messages] == ["too late"]


async def test_an_answer_in_a_pause_is_noted_and_acted_on_after_it(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    client = skipping.client
    in_turn(far, asks(), done("Done."))
    with skipping.with_time_skipping_disabled():
        await it_asks(client, thread)
        await orders(client, thread, CommandName.PAUSE)
        await deliver(client, mail("1", thread))
        await asyncio.sleep(0.5)
        assert len(far.agent_inputs) == 1
        await orders(client, thread, CommandName.RESUME)
        await idle_after(client, thread, 1)
    assert far.agent_inputs[-1].answered_by is not None

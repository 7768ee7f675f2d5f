"""Questions that people have before them in Slack: who answers first, and what becomes of them there."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.models.questions.question import ItemAnswer
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.settings import ThreadSettings
from airut.models.threads.command import AnswerOrder, CommandName
from airut.models.threads.message import ChannelKind, InboundMessage, SlackRoute
from airut.ports.thread_control import ThreadRefused
from airut.temporal.delivery import deliver
from airut.temporal.thread_control import TemporalThreadControl
from tests.support.agent_results import asks, done
from tests.support.asking import command, idle_after, it_asks, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities, in_turn

pytestmark = pytest.mark.usefixtures("patient")


def post(text: str, thread: str, user: str = "U0ANN") -> InboundMessage:
    route = SlackRoute(team="T", channel="C", thread_ts="1.0", ts="1.0", user=user)
    more = {"channel": ChannelKind.SLACK, "route": route, "author": f"ann ({user})", "open_to_authorized": True}
    return mail(text, thread).model_copy(update=more)


def pick(number: int, user: str = "U0BO", task: int | None = 1) -> AnswerOrder:
    return AnswerOrder(
        question_id="toolu_1",
        items=(ItemAnswer(chosen=(number,)),),
        author=f"bo ({user})",
        key=f"{user}/{number}/{task}",
        at=datetime.now(UTC),
        task=task,
    )


async def asked(client: Client, activities: ScriptedActivities, thread: str) -> TemporalThreadControl:
    in_turn(activities, asks(), done("Done."))
    await deliver(client, post("first", thread))
    await until(client, thread, lambda status: status.question is not None and bool(activities.replies))
    return TemporalThreadControl(client)


async def test_of_two_people_who_answer_at_once_one_is_first(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    control = await asked(temporal.client, activities, thread)
    answers = (control.answer(thread, pick(1, "U0BO")), control.answer(thread, pick(0, "U0CY")))
    first, second = await asyncio.gather(*answers, return_exceptions=True)
    refused = second if isinstance(second, ThreadRefused) else first
    winner, label = ("bo (U0BO)", "spaces") if refused is second else ("bo (U0CY)", "tabs")
    assert str(refused).startswith(f"Already answered by {winner}, ")
    await idle_after(temporal.client, thread, 1)
    given = activities.agent_inputs[-1].answer
    assert given is not None
    assert (given.replies, given.author) == ((label,), winner)
    (over,) = activities.over
    assert (over.author, over.answer, over.outcome) == (winner, given, None)
    assert over.posted.question is not None
    assert over.posted.seq == activities.replies[0].seq
    with pytest.raises(ThreadRefused, match=r"Already answered by "):
        await control.answer(thread, pick(1, "U0DI"))


async def test_what_is_no_answer_and_what_answers_another_tasks_question(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    control = await asked(temporal.client, activities, thread)
    for order, words in [
        (pick(7), "an option that is not there"),
        (pick(0).model_copy(update={"items": (ItemAnswer(), ItemAnswer())}), "2 answers to 1 questions"),
        (pick(0).model_copy(update={"items": (ItemAnswer(text="  "),)}), "an answer says something"),
        (pick(0, task=2), "not open any more"),
    ]:
        with pytest.raises(ThreadRefused, match=words):
            await control.answer(thread, order)
    assert await control.answer(thread, pick(0)) == f"{thread} goes on with this answer."
    assert await control.answer(thread, pick(0)) == f"{thread} goes on with this answer."  # the same press again
    await idle_after(temporal.client, thread, 1)


async def test_an_answer_by_a_message_in_the_thread(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    control = await asked(temporal.client, activities, thread)
    await deliver(temporal.client, post("2", thread, "U0CY"))
    await idle_after(temporal.client, thread, 1)
    (over,) = activities.over
    assert over.message is not None
    assert (over.author, over.message.text.inline, over.answer) == ("ann (U0CY)", "2", None)
    with pytest.raises(ThreadRefused, match=r"Already answered by ann \(U0CY\)"):
        await control.answer(thread, pick(1))


async def test_a_task_that_ends_takes_its_question_along(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    control = await asked(temporal.client, activities, thread)
    await control.command(command(thread, CommandName.STOP))
    await idle_after(temporal.client, thread, 1)
    assert [(over.outcome, over.answer, over.message) for over in activities.over] == [
        (TaskOutcome.STOPPED, None, None)
    ]


async def test_for_mail_nothing_is_done(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    in_turn(activities, asks(), done("Done."))
    await it_asks(temporal.client, thread)
    await temporal.client.get_workflow_handle(thread).execute_update(contracts.ANSWER, pick(1))
    await idle_after(temporal.client, thread, 1)
    assert activities.over == []


async def test_after_three_days_a_question_is_answered_as_on_the_first(
    skipping: WorkflowEnvironment, far: ScriptedActivities
) -> None:
    thread = "web/slack/T-C-3.0"
    with skipping.with_time_skipping_disabled():  # else the days would be over before anybody looks
        control = await asked(skipping.client, far, thread)
    await skipping.fast_forward(skipping.client.get_workflow_handle(f"{thread}/task-1"), timedelta(days=3))
    await control.answer(thread, pick(1))
    await idle_after(skipping.client, thread, 1)
    assert [over.author for over in far.over] == ["bo (U0BO)"]


async def test_a_question_that_nobody_answers_shows_that_it_is_over(
    skipping: WorkflowEnvironment, far: ScriptedActivities
) -> None:
    thread, far.settings = "web/slack/T-C-4.0", ThreadSettings(question_timeout_s=3 * 86_400.0)
    with skipping.with_time_skipping_disabled():  # else the days would be over before anybody looks
        control = await asked(skipping.client, far, thread)
    await skipping.fast_forward(skipping.client.get_workflow_handle(f"{thread}/task-1"), timedelta(days=3, minutes=1))
    await idle_after(skipping.client, thread, 1)
    assert [over.outcome for over in far.over] == [TaskOutcome.QUESTION_EXPIRED]
    with pytest.raises(ThreadRefused, match="not open any more"):
        await control.answer(thread, pick(1))

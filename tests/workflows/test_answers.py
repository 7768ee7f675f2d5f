"""Answers that come too late, questions that look alike, and prompts that are no answers."""

from datetime import UTC, datetime, timedelta

from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.models.questions.late_answer import TOO_LATE
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.steps import ReplyInput
from airut.models.threads.command import AnswerOrder
from airut.models.threads.message import InboundMessage, MailRoute
from airut.temporal.delivery import deliver
from tests.support.agent_results import asks, done
from tests.support.asking import idle_after, it_asks, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities, in_turn
from tests.workflows.test_record import preparing, words


def by_a_schedule(text: str, thread: str) -> InboundMessage:
    message = mail(text, thread)
    assert isinstance(message.route, MailRoute)
    return message.model_copy(update={"route": message.route.model_copy(update={"opens": True})})


async def test_a_ready_made_answer_that_comes_too_late_is_a_message(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client, away = temporal.client, True
    activities.settings = ThreadSettings(question_timeout_s=1.0)
    in_turn(activities, asks(), done("Done."))

    def answer(order: ReplyInput) -> None:
        if away and order.kind is ReplyKind.ANSWER:
            raise ApplicationError("the mail server is away", next_retry_delay=timedelta(seconds=0.5))

    activities.answer = answer
    await it_asks(client, thread)
    task = client.get_workflow_handle(f"{thread}/task-1")
    while (await task.query(contracts.STATUS))["step"] != "replying":
        pass
    order = AnswerOrder(question_id="toolu_1", choices=("tabs",), author="bob", key="k", at=datetime.now(UTC))
    await client.get_workflow_handle(thread).execute_update(contracts.ANSWER, order)
    away = False
    status = await idle_after(client, thread, 2)
    assert [task.outcome for task in status.recent] == [TaskOutcome.QUESTION_EXPIRED, TaskOutcome.SUCCESS]
    (late,) = activities.agent_inputs[-1].task.messages
    assert (late.author, late.text.inline) == ("bob", "> Tabs or spaces?\n\ntabs")
    assert activities.replies[-1].notes == (TOO_LATE,)


async def test_what_a_schedule_says_answers_no_question_and_joins_nothing(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    in_turn(activities, asks(), done("Done."))
    await preparing(client, activities, thread, "first")
    await deliver(client, by_a_schedule("the weekly look", thread))
    activities.room.set()
    await until(client, thread, lambda status: status.question is not None)
    await deliver(client, by_a_schedule("the monthly look", thread))
    status = await until(client, thread, lambda status: len(status.queue) == 2)
    assert status.question is not None
    await deliver(client, mail("2", thread))
    await idle_after(client, thread, 2)
    assert [words(order.task.messages) for order in activities.agent_inputs] == [
        ["first"],
        ["first", "2"],
        ["the weekly look", "the monthly look"],
    ]

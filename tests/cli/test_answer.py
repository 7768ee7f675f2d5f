"""The agent's question, answered from the command line."""

import asyncio
import json

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from airut.models.questions.question import Option, Question, QuestionItem
from airut.models.tasks.outcome import AgentOutcome
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.temporal.delivery import deliver
from tests.cli.conftest import Airut, Printed
from tests.support.agent_results import done
from tests.support.asking import idle_after, status_of
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities

QUESTION = Question(
    id="toolu_1",
    items=(
        QuestionItem(
            text="Which database?",
            options=(Option(label="PostgreSQL", description="as now"), Option(label="SQLite\x1b]0;x\x07")),
        ),
    ),
    tool="AskUserQuestion",
)


def asks_once(order: AgentInput) -> AgentResult:
    if order.answer is not None:
        return done("Done.")
    asking = done("", AgentOutcome.QUESTION, bundle=None)
    return asking.model_copy(update={"verdict": asking.verdict.model_copy(update={"question": QUESTION})})


async def asking(client: Client, activities: ScriptedActivities, thread: str) -> None:
    activities.agent = asks_once
    await deliver(client, mail("first", thread))
    async with asyncio.timeout(60):
        while (await status_of(client, thread)).question is None:
            await asyncio.sleep(0.05)


async def test_the_question_is_shown_and_a_number_answers_it(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await asking(temporal.client, activities, thread)
    shown = await airut("thread", "answer", thread)
    assert (shown.code, "Which database?" in shown.out, "1) PostgreSQL: as now" in shown.out) == (0, True, True)
    assert "\x1b" not in shown.out
    as_json = json.loads((await airut("thread", "answer", thread, "--json")).out)
    assert (as_json["version"], Question.model_validate(as_json["question"])) == (1, QUESTION)
    said = await airut("thread", "answer", thread, "1")
    assert said == Printed(0, f"{thread} goes on with this answer.\n", "")
    await idle_after(temporal.client, thread, 1)
    answer = activities.agent_inputs[-1].answer
    assert answer is not None
    assert (answer.question_id, answer.replies) == ("toolu_1", ("PostgreSQL",))


async def test_own_words(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await asking(temporal.client, activities, thread)
    assert (await airut("thread", "answer", thread, "--text", "Neither: DuckDB")).code == 0
    await idle_after(temporal.client, thread, 1)
    answer = activities.agent_inputs[-1].answer
    assert answer is not None
    assert answer.replies == ("Neither: DuckDB",)


async def test_nothing_is_asked(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    said = await airut("thread", "answer", thread, "1")
    assert said == Printed(6, "", f"{thread} asks nothing; `airut thread show {thread}` tells what it does\n")
    assert (await airut("thread", "answer", "web/mail/none", "1")).code == 5

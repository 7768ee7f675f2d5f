"""Questions with the real Claude Code: asked, answered in another container, put off, and answered too late."""

import json
import uuid
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from airut.demo.script import Step, ToolUse, ask, bash, say, use
from airut.models.questions.question import (
    CHANGE,
    GO_ON,
    PLAN_ITEM,
    Answer,
    Option,
    Question,
    QuestionItem,
    QuestionKind,
)
from airut.models.tasks.agent import PlanItem
from airut.models.tasks.outcome import AgentOutcome, AgentVerdict
from tests.adapters.claude_code.conftest import KEY, Cli

INPUT = {
    "questions": [
        {
            "question": "Which database?",
            "header": "Database",
            "multiSelect": False,
            "options": [
                {"label": "PostgreSQL", "description": "a server"},
                {"label": "SQLite", "description": "a file"},
            ],
        }
    ]
}
DATABASE = QuestionItem(
    text="Which database?",
    header="Database",
    options=(Option(label="PostgreSQL", description="a server"), Option(label="SQLite", description="a file")),
)
ASKS = ToolUse(name="AskUserQuestion", input=INPUT, id="toolu_first")


def answer(question: str, reply: str, text: str = "") -> Answer:
    at = datetime(2026, 3, 29, 14, 2, tzinfo=UTC)
    return Answer(question_id=question, replies=(reply,), text=text, author="ada@example.com", at=at)


def told(cli: Cli) -> list[object]:
    """What the model's last request said for people and tools, without reminders."""
    body = cli.model.calls_of(KEY)[-1].body
    assert isinstance(body, dict)
    messages = body["messages"]
    assert isinstance(messages, list)
    said: list[object] = []
    for message in messages:
        assert isinstance(message, dict)
        content = message["content"]
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        if message["role"] == "user":
            said += [block.get("content") or block.get("text") for block in blocks if isinstance(block, dict)]
    return [text for text in said if "<system-reminder>" not in str(text)]


def outcome(verdict: AgentVerdict) -> tuple[AgentOutcome, str, bool]:
    return verdict.outcome, verdict.text, verdict.prompt_taken


async def test_a_question_is_answered_days_later_with_the_tools_own_result(cli: Cli) -> None:
    session = uuid.uuid4()
    cli.script(Step(text="I ask.", tool=ASKS), say("SQLite it is."))
    verdict = await cli.play(session)
    assert outcome(verdict) == (AgentOutcome.QUESTION, "I ask.", True)
    question = verdict.question
    assert question == Question(id="toolu_first", items=(DATABASE,), tool="AskUserQuestion", tool_input=INPUT)

    verdict = await cli.play(session, prompt="", question=question, answer=answer("toolu_first", "SQLite"))
    assert outcome(verdict) == (AgentOutcome.DONE, "SQLite it is.", True)
    assert told(cli)[0] == "Do it."
    assert str(told(cli)[1]).startswith('Your questions have been answered: "Which database?"="SQLite".')
    assert len(told(cli)) == 3  # Claude Code adds *Continue from where you left off.*

    # Asked for once more, as after a lost sandbox: what is known already comes as a message, and does no harm.
    cli.script(say("I know."))
    verdict = await cli.play(session, prompt="", question=question, answer=answer("toolu_first", "SQLite"))
    assert outcome(verdict) == (AgentOutcome.DONE, "I know.", True)
    assert "If you know this answer already, just go on." in str(told(cli)[-1])


async def test_of_several_calls_at_once_one_is_asked_and_its_answer_comes_as_a_message(cli: Cli) -> None:
    session = uuid.uuid4()
    second = ToolUse(name="AskUserQuestion", input=INPUT, id="toolu_second")
    shell = ToolUse(name="Bash", input={"command": "echo x >> ran; echo done", "description": "x"}, id="toolu_bash")
    cli.script(Step(tools=(ASKS, second, shell)), say("Thanks."))
    verdict = await cli.play(session)
    question = verdict.question
    assert verdict.outcome is AgentOutcome.QUESTION
    assert question is not None
    assert question.id in {"toolu_first", "toolu_second"}  # whose hook was first

    verdict = await cli.play(session, prompt="", question=question, answer=answer(question.id, "SQLite"))
    assert outcome(verdict) == (AgentOutcome.DONE, "Thanks.", True)
    said = [str(text) for text in told(cli)]
    assert sum("Another question of yours is on its way to people" in text for text in said) == 1
    assert said[3] == "done"
    assert said[-1] == (
        "You asked, and ada@example.com answered. If you know this answer already, just go on.\n\n"
        "Question: Which database?\nAnswer: SQLite\n\nGo on with your work."
    )
    assert (cli.place / "workspace" / "ran").read_text() == "x\n"


@pytest.mark.parametrize("length", [10, 20_000])
async def test_a_message_instead_of_an_answer_does_not_ask_again(cli: Cli, length: int) -> None:
    session = uuid.uuid4()
    cli.script(ask("Which database?", "PostgreSQL", "SQLite"), say("All right."), say("All right."))
    assert (await cli.play(session)).outcome is AgentOutcome.QUESTION
    prompt = "Never mind. " + "x" * length
    verdict = await cli.play(session, prompt=prompt)
    assert (verdict.outcome, verdict.prompt_taken) == (AgentOutcome.DONE, True)
    assert sum(prompt in str(text) for text in told(cli)) == 1


async def test_a_message_goes_after_an_answer(cli: Cli) -> None:
    session = uuid.uuid4()
    cli.script(Step(tool=ASKS), say("Good."), say("Good too."))
    question = (await cli.play(session)).question
    given = answer("toolu_first", "SQLite")
    verdict = await cli.play(session, prompt="And hurry.", question=question, answer=given)
    assert outcome(verdict) == (AgentOutcome.DONE, "Good.\n\nGood too.", True)
    assert [str(text)[:20] for text in told(cli)] == [
        "Do it.", "Your questions have ", "Continue from where ", "And hurry.",
    ]  # fmt: skip


PLANS = (
    use("EnterPlanMode", {}),
    Step(text="# The plan", tool=ToolUse(name="ExitPlanMode", input={}, id="toolu_plan")),
)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (GO_ON, "User has approved exiting plan mode. You can now proceed."),
        (CHANGE, "The plan shall be changed before it is carried out. In ada@example.com's words: Leave out step 2."),
    ],
)
async def test_a_plan_is_approved_or_sent_back(cli: Cli, reply: str, said: str) -> None:
    session = uuid.uuid4()
    cli.script(*PLANS, bash("ls -d /tmp"), say("Done."))
    verdict = await cli.play(session, plan_approval=True)
    assert outcome(verdict) == (AgentOutcome.QUESTION, "# The plan", True)
    question = verdict.question
    assert question == Question(
        id="toolu_plan", kind=QuestionKind.PLAN, items=(PLAN_ITEM,), tool="ExitPlanMode", plan="# The plan"
    )
    given = answer("toolu_plan", reply, "Leave out step 2.")
    verdict = await cli.play(session, prompt="", plan_approval=True, question=question, answer=given)
    assert outcome(verdict) == (AgentOutcome.DONE, "Done.", True)
    assert said in str(told(cli)[2])
    assert told(cli)[-1] == "/tmp"  # it can go on looking, or get to work


async def test_without_plan_approval_there_is_no_plan_mode(cli: Cli) -> None:
    cli.script(use("EnterPlanMode", {}), say("No plan, then."))
    verdict = await cli.play(uuid.uuid4())
    assert outcome(verdict) == (AgentOutcome.DONE, "No plan, then.", True)
    assert "No such tool available: EnterPlanMode" in str(told(cli)[-1])


async def test_the_to_do_list_is_known_while_it_runs(cli: Cli) -> None:
    todos: list[JsonValue] = [
        {"content": text, "status": state, "activeForm": text} for text, state in (("a", "completed"), ("b", "pending"))
    ]
    cli.script(use("TodoWrite", {"todos": todos}), say("Done."))
    await cli.play(uuid.uuid4())
    assert cli.progress.plan == (PlanItem(text="a", state="completed"), PlanItem(text="b", state="pending"))
    assert "modified successfully" in json.dumps(told(cli))

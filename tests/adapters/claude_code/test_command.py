"""The command line, and which session it goes on with."""

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.adapters.claude_code import telling
from airut.adapters.claude_code.asking import HOOK, hook_settings
from airut.adapters.claude_code.command import ENVIRONMENT, FIXED, SETTINGS, command
from airut.models.questions.question import PLAN_ITEM, Answer, Question, QuestionItem, QuestionKind
from airut.models.tasks.agent import AgentCommand, AgentRun

SESSION = "7f1d3c52-0a5e-4b6e-9f63-2d0c5a1b7e11"


def run(home: Path, **more: object) -> AgentRun:
    return AgentRun.model_validate(
        {"session_id": SESSION, "prompt": "Do it.", "system_prompt": "Rules.", "home": home, **more}
    )


def transcript(home: Path) -> Path:
    path = home / "projects" / "-workspace" / f"{SESSION}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_a_new_session(tmp_path: Path) -> None:
    assert command(run(tmp_path, model="opus", effort="high", max_turns=7, budget_usd=2.5)) == AgentCommand(
        argv=(
            "/opt/claude/claude",
            *FIXED,
            f"--settings={json.dumps({**SETTINGS, 'hooks': hook_settings() | telling.hook_settings()})}",
            "--dangerously-skip-permissions",
            "--max-turns=7",
            f"--session-id={SESSION}",
            "--model=opus",
            "--effort=high",
            "--max-budget-usd=2.5000",
            "--disallowedTools=EnterPlanMode,ExitPlanMode",
        ),
        stdin='{"type": "user", "message": {"role": "user", "content": "Do it."}, "parent_tool_use_id": null}\n',
        environment=ENVIRONMENT,
        files={"system-prompt.md": "Rules.", "question.sh": HOOK, "notice.sh": telling.HOOK},
    )


def test_an_operator_s_settings_and_servers_stand_beside_ours(tmp_path: Path) -> None:
    servers = {"notes": {"command": "notes"}, "wiki": {"type": "http", "url": "https://wiki.test/mcp"}}
    made = command(run(tmp_path, settings={"includeCoAuthoredBy": False, "hooks": {}}, mcp_servers=servers))
    (settings,) = (json.loads(word.partition("=")[2]) for word in made.argv if word.startswith("--settings="))
    ours = {**SETTINGS, "hooks": hook_settings() | telling.hook_settings()}
    assert settings == {"includeCoAuthoredBy": False, **ours}
    assert "--mcp-config=/run/airut/files/mcp.json" in made.argv
    assert json.loads(made.files["mcp.json"]) == {
        "mcpServers": {
            "notes": {"type": "stdio", "command": "notes", "args": [], "env": {}},
            "wiki": {"type": "http", "url": "https://wiki.test/mcp", "headers": {}},
        }
    }


def test_what_guards_the_key_is_always_there() -> None:
    assert {"--setting-sources=", "--strict-mcp-config"} <= set(FIXED)


def test_a_session_that_can_be_resumed(tmp_path: Path) -> None:
    transcript(tmp_path).write_text('{"type":"user","message":{}}\n')
    made = command(run(tmp_path))
    assert f"--resume={SESSION}" in made.argv
    assert not any(word.startswith("--session-id") for word in made.argv)


def test_a_dead_end_is_left_alone_and_the_session_goes_on_under_another_id(tmp_path: Path) -> None:
    """The container that writes it may still be running: a worker that was restarted asks again, and adopts it."""
    path = transcript(tmp_path)
    path.write_text('{"type":"queue-operation"}\n')
    again = f"--session-id={uuid.uuid5(uuid.UUID(SESSION), 'again-1')}"
    assert again in command(run(tmp_path)).argv
    assert again in command(run(tmp_path)).argv
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def flags(made: AgentCommand) -> set[str]:
    return {word for word in made.argv if not word.startswith("--settings=")}


def said(made: AgentCommand) -> list[str]:
    return [json.loads(line)["message"]["content"] for line in made.stdin.splitlines()]


@pytest.mark.parametrize(
    ("prompt", "more", "messages"),
    [
        ("Do it.", {}, ["Do it."]),
        ("/clear", {}, ["\n/clear"]),
        ("/usr/bin/x fails.\n\u2028", {}, ["\n/usr/bin/x fails.\n\u2028"]),
        ("Go on.", {"compact": True}, ["/compact", "Go on."]),
        ("/compact", {"compact": True}, ["/compact", "\n/compact"]),
    ],
)
def test_what_it_is_told(tmp_path: Path, prompt: str, more: dict[str, object], messages: list[str]) -> None:
    assert said(command(run(tmp_path, prompt=prompt, **more))) == messages


def put_off(home: Path, *more: dict[str, object], tool: str = "AskUserQuestion") -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": tool, "input": {}}
    lines: list[dict[str, object]] = [
        {"type": "user", "message": {"content": "Do it."}},
        {"type": "assistant", "message": {"content": [call]}},
        *more,
    ]
    transcript(home).write_text("".join(json.dumps(line) + "\n" for line in lines))


DEFERRED: dict[str, object] = {
    "type": "attachment",
    "attachment": {"type": "hook_deferred_tool", "toolUseID": "toolu_1"},
}
RESULT: dict[str, object] = {
    "type": "user",
    "message": {"content": [{"type": "tool_result", "tool_use_id": "toolu_2", "content": "x"}]},
}
QUESTION = Question(id="toolu_1", items=(QuestionItem(text="Why?"),), tool="AskUserQuestion", tool_input={"a": 1})
PLAN = Question(id="toolu_1", kind=QuestionKind.PLAN, items=(PLAN_ITEM,), tool="ExitPlanMode", plan="# Plan")
AT = datetime(2026, 3, 29, 14, 2, tzinfo=UTC)


def answer(reply: str, question: str = "toolu_1", text: str = "") -> Answer:
    return Answer(question_id=question, replies=(reply,), text=text, author="ada", at=AT)


def decision(made: AgentCommand) -> dict[str, object]:
    printed: dict[str, object] = json.loads(made.files["answer-toolu_1.json"])["hookSpecificOutput"]
    assert printed.pop("hookEventName") == "PreToolUse"
    return printed


def test_an_answer_is_given_by_the_hook_and_nothing_else_is_said(tmp_path: Path) -> None:
    put_off(tmp_path, DEFERRED)
    made = command(run(tmp_path, prompt="", question=QUESTION, answer=answer("Because.")))
    assert made.argv[:5] == ("/bin/sh", "-c", 'exec "$@" </dev/null', "claude", "/opt/claude/claude")
    assert decision(made) == {"permissionDecision": "allow", "updatedInput": {"a": 1, "answers": {"Why?": "Because."}}}


def test_words_that_choices_do_not_say_are_given_as_well(tmp_path: Path) -> None:
    put_off(tmp_path, DEFERRED)
    given = answer("Because.", text="And do not ask again.")
    made = command(run(tmp_path, prompt="", question=QUESTION, answer=given))
    assert decision(made)["updatedInput"] == {
        "a": 1, "answers": {"Why?": "Because.\nIn their own words: And do not ask again."},
    }  # fmt: skip


def test_the_sandbox_of_an_answer_is_told_by_the_same_input_before_and_after_it_was_taken(tmp_path: Path) -> None:
    order = run(tmp_path, prompt="", question=QUESTION, answer=answer("Because."))
    put_off(tmp_path, DEFERRED)
    before = command(order)
    with transcript(tmp_path).open("a") as file:
        file.write(json.dumps(RESULT) + "\n")
    after = command(order)
    assert before.stdin == after.stdin
    assert "/bin/sh" not in after.argv
    assert not any(name.startswith("answer") for name in after.files)


def test_a_message_behind_an_answer_is_read_from_a_file(tmp_path: Path) -> None:
    put_off(tmp_path, DEFERRED)
    made = command(run(tmp_path, prompt="And hurry.", question=QUESTION, answer=answer("Because.")))
    assert made.argv[2] == 'exec "$@" </run/airut/files/prompt.jsonl'
    assert json.loads(made.files["prompt.jsonl"])["message"]["content"] == "And hurry."


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"question": QUESTION.model_copy(update={"id": "toolu_9"}), "answer": answer("x", "toolu_9")},
        {"question": QUESTION.model_copy(update={"tool_input": {}}), "answer": answer("Because.")},
    ],
    ids=["no answer", "an answer to another question", "a question that was too big to keep"],
)
def test_what_is_put_off_and_has_no_answer_is_told_what_came_instead(tmp_path: Path, more: dict[str, object]) -> None:
    put_off(tmp_path, DEFERRED)
    made = command(run(tmp_path, prompt="Never mind.", **more))
    assert decision(made)["permissionDecision"] == "deny"
    reason = str(decision(made)["permissionDecisionReason"])
    assert reason.startswith("Nobody has answered this. Instead, this came:\n\n")
    assert reason.endswith("Never mind.")
    assert made.argv[2] == 'exec "$@" </dev/null'


@pytest.mark.parametrize(
    ("reply", "decided"),
    [
        ("go on", {"permissionDecision": "allow", "updatedInput": {}}),
        (
            "Leave out step 2.",
            {
                "permissionDecision": "deny",
                "permissionDecisionReason": "The plan shall be changed before it is carried out. "
                "In ada's words: Leave out step 2.",
            },
        ),
    ],
)
def test_a_plan_is_answered_in_plan_mode(tmp_path: Path, reply: str, decided: dict[str, object]) -> None:
    put_off(tmp_path, DEFERRED, tool="ExitPlanMode")
    made = command(run(tmp_path, prompt="", question=PLAN, answer=answer(reply), plan_approval=True))
    assert decision(made) == decided
    assert "--permission-mode=plan" in flags(made)
    assert "--dangerously-skip-permissions" not in flags(made)


@pytest.mark.parametrize(
    "lines",
    [(), (DEFERRED, RESULT), ({"type": "attachment", "attachment": {"type": "hook_deferred_tool", "toolUseID": "x"}},)],
    ids=["killed before it was put off", "a result behind it", "another call"],
)
def test_what_is_not_put_off_gets_its_answer_as_a_message(tmp_path: Path, lines: tuple[dict[str, object], ...]) -> None:
    put_off(tmp_path, *lines)
    made = command(run(tmp_path, prompt="", question=QUESTION, answer=answer("1", text="The first, I think.")))
    assert made.argv[0] == "/opt/claude/claude"
    assert said(made) == [
        "You asked, and ada answered. If you know this answer already, just go on.\n\nQuestion: Why?\nAnswer: 1\n\n"
        "In their own words:\nThe first, I think.\n\nGo on with your work."
    ]


def test_plan_tools_are_there_only_where_people_approve_plans(tmp_path: Path) -> None:
    without = "--disallowedTools=EnterPlanMode,ExitPlanMode"
    assert without in flags(command(run(tmp_path)))
    assert without not in flags(command(run(tmp_path, plan_approval=True)))

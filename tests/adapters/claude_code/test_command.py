"""The command line, and which session it goes on with."""

import uuid
from pathlib import Path

from airut.adapters.claude_code.asking import HOOK
from airut.adapters.claude_code.command import ENVIRONMENT, FIXED, command
from airut.models.agent import AgentCommand, AgentRun

SESSION = "7f1d3c52-0a5e-4b6e-9f63-2d0c5a1b7e11"


def run(home: Path, **more: object) -> AgentRun:
    return AgentRun.model_validate(
        {"session_id": SESSION, "prompt": "Do it.", "system_prompt": "Rules.", "home": home, **more}
    )


def transcript(home: Path) -> Path:
    path = home / "projects" / "-workspace" / f"{SESSION}.jsonl"
    path.parent.mkdir(parents=True)
    return path


def test_a_new_session(tmp_path: Path) -> None:
    assert command(run(tmp_path, model="opus", effort="high", max_turns=7, budget_usd=2.5)) == AgentCommand(
        argv=(
            "/opt/claude/claude",
            *FIXED,
            "--append-system-prompt-file=/run/airut/files/system-prompt.md",
            "--max-turns=7",
            f"--session-id={SESSION}",
            "--model=opus",
            "--effort=high",
            "--max-budget-usd=2.5",
            "--disallowedTools=EnterPlanMode,ExitPlanMode",
        ),
        stdin='{"type": "user", "message": {"role": "user", "content": "Do it."}, "parent_tool_use_id": null}\n',
        environment=ENVIRONMENT,
        files={"system-prompt.md": "Rules.", "question.sh": HOOK},
    )


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

"""The command line, and which session it goes on with."""

from pathlib import Path

import pytest

from airut.adapters.claude_code.command import ENVIRONMENT, FIXED, command
from airut.models.agent import AgentCommand, AgentRun

SESSION = "7f1d3c52-0a5e-4b6e-9f63-2d0c5a1b7e11"


def run(home: Path, **more: str | int) -> AgentRun:
    return AgentRun.model_validate(
        {"session_id": SESSION, "prompt": "Do it.", "system_prompt": "Rules.", "home": home, **more}
    )


def transcript(home: Path) -> Path:
    path = home / "projects" / "-workspace" / f"{SESSION}.jsonl"
    path.parent.mkdir(parents=True)
    return path


def test_a_new_session(tmp_path: Path) -> None:
    assert command(run(tmp_path, model="opus", effort="high", max_turns=7)) == AgentCommand(
        argv=(
            "/opt/claude/claude",
            *FIXED,
            "--append-system-prompt-file=/run/airut/files/system-prompt.md",
            "--max-turns=7",
            f"--session-id={SESSION}",
            "--model=opus",
            "--effort=high",
        ),
        stdin="Do it.",
        environment=ENVIRONMENT,
        files={"system-prompt.md": "Rules."},
        resumes=False,
    )


def test_what_guards_the_key_is_always_there() -> None:
    assert {"--setting-sources=user", "--strict-mcp-config"} <= set(FIXED)


@pytest.mark.parametrize(
    "lines",
    [
        '{"type":"queue-operation"}\n{"type":"user","message":{}}\n',
        '{"type":"user","message":{}}\n{"type":"assist',
    ],
)
def test_a_session_that_can_be_resumed(tmp_path: Path, lines: str) -> None:
    transcript(tmp_path).write_text(lines)
    made = command(run(tmp_path))
    assert made.resumes
    assert f"--resume={SESSION}" in made.argv
    assert not any(word.startswith("--session-id") for word in made.argv)


@pytest.mark.parametrize("lines", ["", '{"type":"queue-operation"}\n', '{"type":"queue-op', "[1]\n"])
def test_a_dead_end_is_moved_away(tmp_path: Path, lines: str) -> None:
    path = transcript(tmp_path)
    path.write_text(lines)
    assert f"--session-id={SESSION}" in command(run(tmp_path)).argv
    assert not path.exists()
    assert path.with_suffix(".dead-end").read_text() == lines


def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text('{"type":"user"}\n')
    path = transcript(tmp_path / "home")
    path.symlink_to(elsewhere)
    assert not command(run(tmp_path / "home")).resumes
    assert elsewhere.exists()

    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "projects").symlink_to(tmp_path / "home" / "projects")
    assert not command(run(tmp_path / "other")).resumes

"""The real Claude Code goes on with a session that was killed, cut, moved to another host, or has grown too long."""

import json
import os
import random
import uuid
from pathlib import Path

import pytest

from airut.adapters.claude_code.transcripts import ClaudeSessions
from airut.demo.script import Step, ToolUse, bash, fail, say
from airut.models.tasks.outcome import AgentOutcome
from tests.adapters.claude_code.conftest import KEY, Cli

TOO_LONG = Step(
    error=fail(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum").error, repeat=-1
)
SUMMARY = Step(match="Respond with TEXT ONLY", text="<summary>It was about a lighthouse.</summary>")


def asked(cli: Cli) -> str:
    """The model's last request."""
    return json.dumps(cli.model.calls_of(KEY)[-1].body)


async def test_a_killed_session_goes_on_elsewhere_with_its_context(cli: Cli, tmp_path: Path) -> None:
    session = uuid.uuid4()
    cli.script(bash("echo lighthouse"), bash("sleep 30"))
    verdict = await cli.play(session, prompt="Look.", kill_after="sleep 30")
    assert (verdict.outcome, verdict.prompt_taken, cli.progress.in_tool) == (AgentOutcome.FAILED, False, True)
    assert ClaudeSessions().holds(cli.home, str(session), cli.progress.first_answer or "")
    stored = ClaudeSessions().save(cli.home, str(session))
    assert stored is not None

    (tmp_path / "elsewhere").mkdir()
    elsewhere = Cli(cli.binary, cli.model, cli.url, tmp_path / "elsewhere")
    ClaudeSessions().restore(elsewhere.home, str(session), stored)
    elsewhere.script(say("It was a lighthouse."))
    verdict = await elsewhere.play(session, prompt="Go on.")
    assert (verdict.outcome, verdict.text) == (AgentOutcome.DONE, "It was a lighthouse.")
    assert all(text in asked(elsewhere) for text in ("Look.", "echo lighthouse", "sleep 30", "its outcome is unknown"))
    assert ClaudeSessions().is_intact(elsewhere.home, str(session))


async def test_what_is_killed_at_its_first_word_may_not_know_its_prompt(cli: Cli) -> None:
    """The transcript is written behind the stream: whether the prompt is in it, only the transcript tells."""
    session = uuid.uuid4()
    cli.script(
        Step(text="Hm.", tool=ToolUse(name="Bash", input={"command": "sleep 30", "description": "x"})), say("Oh.")
    )
    verdict = await cli.play(session, prompt="Look.", kill_after="Hm.", at_once=True)
    known = ClaudeSessions().holds(cli.home, str(session), cli.progress.first_answer or "")
    assert not verdict.prompt_taken
    assert not known or any("Look." in text for text in cli.transcripts)
    verdict = await cli.play(session, prompt="Go on." if known else "Look.")
    assert (verdict.outcome, verdict.text) == (AgentOutcome.DONE, "Oh.")
    assert "Look." in asked(cli)


async def test_a_transcript_from_a_later_id_is_restored_under_the_first(cli: Cli) -> None:
    """As when a dead end came before it: what is in the file says another id than the file's name."""
    session = uuid.uuid4()
    dead = cli.sessions / f"{session}.jsonl"
    dead.write_text('{"type":"queue-operation"}\n')
    await cli.play(session)
    stored = ClaudeSessions().save(cli.home, str(session))
    assert stored is not None
    ClaudeSessions().restore(cli.home, str(session), stored)
    verdict = await cli.play(session)
    assert (verdict.outcome, verdict.session_id) == (AgentOutcome.DONE, str(session))
    assert "first" in asked(cli)


@pytest.mark.parametrize("cut", [0.02, 0.5, 0.999])
async def test_a_record_that_was_cut_costs_no_other(cli: Cli, cut: float) -> None:
    session = uuid.uuid4()
    cli.script(bash("echo lighthouse"), say("Seen."), say("second"), say("third"))
    await cli.play(session, prompt="Look.")
    path = cli.sessions / f"{session}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if b'"text":"Seen."' in line)
    os.truncate(path, sum(map(len, lines[:last])) + int(cut * len(lines[last])))
    for text in ("second", "third"):
        assert (await cli.play(session, prompt=f"Go on to the {text}.")).text == text
        assert ClaudeSessions().is_intact(cli.home, str(session))
    assert all(text in asked(cli) for text in ("Look.", "echo lighthouse", "second"))


async def test_a_conversation_that_is_too_long_is_compacted_and_then_told_the_message(cli: Cli) -> None:
    session = uuid.uuid4()
    await cli.play(session, prompt="Look.")
    cli.script(SUMMARY, Step(conversation="about a lighthouse", text="Yes, the lighthouse."))
    verdict = await cli.play(session, prompt="Which one?", compact=True)
    assert (verdict.outcome, verdict.text) == (AgentOutcome.DONE, "Yes, the lighthouse.")
    assert "Look." not in asked(cli)
    assert "Which one?" in asked(cli)
    assert ClaudeSessions().is_intact(cli.home, str(session))


async def test_what_cannot_be_compacted_is_still_too_long(cli: Cli) -> None:
    session = uuid.uuid4()
    await cli.play(session, prompt="Look.")
    cli.script(TOO_LONG)
    verdict = await cli.play(session, prompt="Which one?", compact=True)
    assert (verdict.outcome, verdict.text, verdict.prompt_taken) == (AgentOutcome.CONTEXT_FULL, "", False)


KILLS = int(os.environ.get("AIRUT_KILLS", "4"))
"""At random moments of a run's first two seconds; 100 of them take some five minutes."""


@pytest.mark.timeout(120 + 60 * KILLS)  # on a machine that has much else to do
async def test_no_message_is_lost_by_kills_at_random_moments(cli: Cli) -> None:
    """Each message is told again until the transcript has an answer to it; in the end the model knows them all."""
    session, moments = uuid.uuid4(), random.Random(KILLS)
    prompts = [f"Message number {number}." for number in range(KILLS)]
    took = 0
    for prompt in prompts:
        cli.script(bash("echo x", "One moment."), bash("sleep 0.2"), Step(text="Nearly.", repeat=-1))
        note = ""
        for attempt in range(20):
            verdict = await cli.play(
                session, prompt=f"{note}{prompt}", kill_at=moments.uniform(0, 2) if attempt < 19 else None
            )
            first = cli.progress.first_answer
            if verdict.prompt_taken or (first and ClaudeSessions().holds(cli.home, str(session), first)):
                took += 1
                break
            note = f"[Attempt {attempt + 2}] "
    assert took == KILLS
    cli.script(say("I know them all."))
    verdict = await cli.play(session, prompt="Which messages were there?")
    assert (verdict.outcome, verdict.text) == (AgentOutcome.DONE, "I know them all.")
    assert [prompt for prompt in prompts if prompt not in asked(cli)] == []
    assert ClaudeSessions().is_intact(cli.home, str(session))

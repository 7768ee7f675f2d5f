"""What the real Claude Code is told while it works, by a file that the host writes."""

import json
import uuid

import pytest

from airut.demo.script import bash, say
from airut.models.tasks.agent import NOTICE
from airut.models.tasks.outcome import AgentOutcome
from tests.adapters.claude_code.conftest import KEY, Cli

WORDS = 'workspace hold 9.1 GiB of 10.0 GiB: "remove" what\nyou do not need; $(touch planted) ü'


async def test_a_notice_is_told_after_the_next_tool_call_and_once(cli: Cli) -> None:
    notice = cli.place / "notices" / NOTICE
    write = f"cp {cli.place}/new {notice}"
    (cli.place / "new").write_text(json.dumps(WORDS))
    cli.script(bash("echo one"), bash(write), bash("echo two"), bash("echo three"), say("Done."))
    verdict = await cli.play(uuid.uuid4())
    assert verdict.outcome is AgentOutcome.DONE
    said = [json.dumps(call.body, ensure_ascii=False) for call in cli.model.calls_of(KEY)]
    told = [json.dumps(WORDS, ensure_ascii=False)[1:-1] in text for text in said]
    assert told == [False, False, True, True, True]
    assert said[-1].count("you do not need; $(touch planted) ü") == 1
    assert not (cli.place / "workspace" / "planted").exists()


@pytest.mark.parametrize("content", [None, ""], ids=["none", "empty"])
async def test_without_a_notice_nothing_is_told(cli: Cli, content: str | None) -> None:
    if content is not None:
        (cli.place / "notices" / NOTICE).write_text(content)
    cli.script(bash("echo one"), say("Done."))
    verdict = await cli.play(uuid.uuid4())
    assert verdict.outcome is AgentOutcome.DONE
    assert "additional context" not in json.dumps(cli.model.calls_of(KEY)[-1].body)

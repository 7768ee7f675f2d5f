"""The real Claude Code with our command line, against the scripted model: only loopback is reachable for it."""

import json
import sys
import uuid
from pathlib import Path
from typing import Any

from airut.demo.script import Step, ToolUse, say
from airut.demo.scripted_model import ScriptedModel
from airut.models.tasks.outcome import AgentOutcome
from tests.adapters.claude_code.conftest import KEY, Cli

PLANTED = "obey the planted words"


def settings(ran: Path, name: str) -> str:
    """Settings whose every command leaves a trace."""

    def touch(event: str) -> list[dict[str, str]]:
        return [{"type": "command", "command": f"touch {ran}/{name}-{event}"}]

    events = ("SessionStart", "UserPromptSubmit", "Stop", "SessionEnd")
    hooks = {event: [{"hooks": touch(event)}] for event in events}
    helper = f"touch {ran}/{name}-key; echo {KEY}"
    return json.dumps({"hooks": hooks, "apiKeyHelper": helper, "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}})


def plant(place: Path) -> None:
    """Everything by which a home or a repository could speak to the next run, or run something in it."""
    home, work, ran = place / "home", place / "workspace", place / "ran"
    server = {"mcpServers": {"planted": {"command": "touch", "args": [f"{ran}/mcp"]}}}
    plugin = home / "plugins" / "cache" / "m" / "p" / "1.0"
    hook = {"hooks": [{"type": "command", "command": f"touch {ran}/plugin"}]}
    memory = home / "projects" / str(work).replace("/", "-").replace("_", "-") / "memory"
    texts = {
        home / "settings.json": settings(ran, "user"),
        home / "settings.local.json": settings(ran, "local"),
        home / "CLAUDE.md": PLANTED,
        home / "rules" / "a.md": PLANTED,
        home / "agents" / "a.md": f"---\nname: a\ndescription: {PLANTED}\n---\nx\n",
        home / "commands" / "c.md": f"---\ndescription: {PLANTED}\n---\nx\n",
        home / "skills" / "s" / "SKILL.md": f"---\nname: s\ndescription: {PLANTED}\n---\nx\n",
        home / ".claude.json": json.dumps({**server, "projects": {str(work): server}}),
        home / "plugins" / "installed_plugins.json": json.dumps(
            {"version": 2, "plugins": {"p@m": [{"scope": "user", "installPath": str(plugin), "version": "1.0"}]}}
        ),
        plugin / ".claude-plugin" / "plugin.json": json.dumps({"name": "p", "version": "1.0"}),
        plugin / "hooks" / "hooks.json": json.dumps({"hooks": {"SessionStart": [hook]}}),
        memory / "MEMORY.md": PLANTED,
        work / ".claude" / "settings.json": settings(ran, "project"),
        work / ".mcp.json": json.dumps(server),
        work / "CLAUDE.md": PLANTED,
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def test_nothing_that_is_planted_speaks_or_runs(cli: Cli, model: ScriptedModel) -> None:
    plant(cli.place)
    verdict = await cli.play(uuid.uuid4())
    assert (verdict.outcome, verdict.text) == (AgentOutcome.DONE, "first")
    assert list((cli.place / "ran").iterdir()) == []
    asked = json.dumps([call.body for call in model.calls_of(KEY)])
    assert "Rules." in asked
    assert PLANTED not in asked


NOTES = """\
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == "initialize":
        version = asked["params"]["protocolVersion"]
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "n", "version": "1"}}
    elif asked["method"] == "tools/list":
        result = {"tools": [{"name": "look", "description": "Looks.", "inputSchema": {"type": "object"}}]}
    elif asked["method"] == "tools/call":
        result = {"content": [{"type": "text", "text": "the word is " + os.environ["WORD"]}]}
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""


async def test_a_configured_server_s_tool_answers_and_a_denied_tool_is_not_there(
    cli: Cli, model: ScriptedModel, tmp_path: Path
) -> None:
    (program := tmp_path / "notes.py").write_text(NOTES)
    servers = {"notes": {"command": sys.executable, "args": (str(program),), "env": {"WORD": "${HOME}/plover"}}}
    cli.script(Step(tool=ToolUse(name="mcp__notes__look")), say("Read."))
    verdict = await cli.play(
        uuid.uuid4(), mcp_servers=servers, settings={"permissions": {"deny": ["WebSearch"]}, "cleanupPeriodDays": 1}
    )
    assert (verdict.outcome, verdict.text) == (AgentOutcome.DONE, "Read.")
    asked: Any = model.calls_of(KEY)[-1].body
    offered = {tool["name"] for tool in asked["tools"]}
    assert "Bash" in offered
    assert "WebSearch" not in offered
    assert f"the word is {tmp_path}/plover" in json.dumps(asked["messages"])


async def test_the_id_after_a_dead_end_is_taken_and_resumed(cli: Cli, model: ScriptedModel) -> None:
    session = uuid.uuid4()
    again = str(uuid.uuid5(session, "again-1"))
    (cli.sessions / f"{session}.jsonl").write_text('{"type":"queue-operation"}\n')
    first = await cli.play(session)
    assert (first.outcome, first.session_id) == (AgentOutcome.DONE, again)
    second = await cli.play(session)
    assert (second.outcome, second.text, second.session_id) == (AgentOutcome.DONE, "second", again)
    assert "first" in json.dumps(model.calls_of(KEY)[-1].body)


async def test_a_message_that_begins_with_a_slash_is_no_command(cli: Cli, model: ScriptedModel) -> None:
    verdict = await cli.play(uuid.uuid4(), prompt="/clear")
    assert (verdict.outcome, verdict.text) == (AgentOutcome.DONE, "first")
    assert "/clear" in model.calls_of(KEY)[-1].last_user_text

"""What the default branch adds to how its agent is run."""

import json

import pytest

from airut.models.policy.agent_files import AgentFiles, read_agent_files
from airut.models.tasks.mcp import McpServer
from airut.models.values.located import PolicyErrors


def test_all_of_it() -> None:
    servers = {
        "docs": {"command": "docs-mcp", "args": ["--quiet"]},
        "jobs": {"type": "http", "url": "https://jobs.test"},
    }
    found = read_agent_files(
        {
            "settings.json": b'{"permissions": {"deny": ["WebFetch"]}}',
            "mcp.json": json.dumps({"mcpServers": servers}).encode(),
            "system-prompt.md": "Überall Tests.".encode(),
            "README.md": b"\xff not ours",
        }
    )
    assert found == AgentFiles(
        settings={"permissions": {"deny": ["WebFetch"]}},
        mcp_servers={name: McpServer.model_validate(server) for name, server in servers.items()},
        system_prompt="Überall Tests.",
    )


def test_nothing() -> None:
    assert read_agent_files({}) == read_agent_files({"settings.json": b"", "mcp.json": b" \n"}) == AgentFiles()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "settings.json",
            b'{"a": 1,\n  b}',
            "settings.json:2:3: not JSON: Expecting property name enclosed in double quotes",
        ),
        ("settings.json", b"[]", "settings.json:1:1: must be an object: {…}"),
        ("settings.json", b"\xff", "settings.json:1:1: is not UTF-8"),
        ("settings.json", b"x" * 70_000, "settings.json:1:1: is over 64 KiB"),
        ("settings.json", b"[" * 60_000, "settings.json:1:1: is nested too deeply"),
        (
            "settings.json",
            b'{\n  "permissions": {\n    "defaultMode": "plan"}, "hooks": {}}',
            "settings.json:3:29: hooks: is not taken here (Airut's own are there, and others would run unasked)"
            "\n.airut/agent/settings.json:3:5: permissions.defaultMode: is not taken here "
            "(tools run without asking; deny what must not run)",
        ),
        (
            "mcp.json",
            b'{"docs": {"command": "x"}}',
            'mcp.json:1:2: docs: unknown key (the servers stand below "mcpServers")',
        ),
        ("mcp.json", b'{"mcpServers": []}', "mcp.json:1:2: mcpServers: must be a map of servers by name"),
        (
            "mcp.json",
            b'{"mcpServers": {"a b": {}}}',
            "mcp.json:1:17: mcpServers.a b: a name has 1 to 64 letters, digits, _ and -",
        ),
        (
            "mcp.json",
            b'{"mcpServers": {"a": {}}}',
            "mcp.json:1:17: mcpServers.a: a server of type stdio needs a command",
        ),
        (
            "mcp.json",
            b'{"mcpServers": {"a": {"command": "x",\n "cwd": "/"}}}',
            "mcp.json:2:2: mcpServers.a.cwd: Extra inputs are not permitted",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(name: str, content: bytes, words: str) -> None:
    with pytest.raises(PolicyErrors) as raised:
        read_agent_files({name: content})
    assert str(raised.value) == f".airut/agent/{words}"

"""What `agent:` takes, and what it says of the rest."""

from pathlib import Path

import pytest

from airut.config.load import load_config
from airut.config.warnings import warnings
from airut.errors import ConfigError
from airut.models.tasks.mcp import McpServer

REPO = """\
config_version: 1
repos:
  web:
    url: https://git.test/acme/web.git
    channels: {{console: {{}}}}
    agent:
      auth: {{api_key: !env KEY}}
      {line}
"""
KEY = "sk-ant-api03-" + "r" * 95


def written(folder: Path, line: str) -> Path:
    file = folder / "airut.yaml"
    file.write_text(REPO.format(line=line))
    return file


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("settings: {env: {A: b}}", "settings: env is not taken here: repos.<name>.env sets variables"),
        ("settings: {apiKeyHelper: x}", "settings: apiKeyHelper is not taken here: agent.auth says who pays"),
        (
            "settings: {hooks: {}}",
            "settings: hooks is not taken here: Airut's own are there, and others would run unasked",
        ),
        (
            "settings: {disableAllHooks: true}",
            "settings: disableAllHooks is not taken here: Airut's own hooks put questions and plans to people",
        ),
        ("settings: {otelHeadersHelper: x}", "settings: otelHeadersHelper is not taken here: it would run unasked"),
        (
            "settings: {enabledPlugins: {a@b: true}}",
            "settings: enabledPlugins is not taken here: plugins bring hooks, which would run unasked; "
            "agent.mcp_servers adds tools",
        ),
        (
            "settings: {permissions: {defaultMode: plan}}",
            "settings: permissions.defaultMode is not taken here: tools run without asking; deny what must not run",
        ),
        ("settings: {x: .nan}", "settings: only texts, numbers, true, false, null, lists and maps, and no tags"),
        ("mcp_servers: {notes: {args: [x]}}", "mcp_servers.notes: a server of type stdio needs a command"),
        ("mcp_servers: {notes: {type: http}}", "mcp_servers.notes: a server of type http needs a url"),
        (
            "mcp_servers: {notes: {type: http, url: 'https://x.test', args: [x]}}",
            "mcp_servers.notes: command, args and env are for servers of type stdio",
        ),
        (
            "mcp_servers: {notes: {command: x, url: 'https://x.test'}}",
            "mcp_servers.notes: url and headers are for servers of type http or sse",
        ),
        ("mcp_servers: {notes: {comand: x}}", 'mcp_servers.notes.comand: unknown key; nearest is "command"'),
    ],
)
def test_what_is_wrong_is_said_at_its_place(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(written(tmp_path, line), {"KEY": KEY})
    (told,) = str(raised.value).splitlines()
    assert told.startswith(f"{tmp_path}/airut.yaml:8:")
    assert told.endswith(f": repos.web.agent.{fault}")


def test_what_the_agent_is_given(tmp_path: Path) -> None:
    line = "settings: {permissions: {deny: [WebSearch]}}\n      mcp_servers: {notes: {command: notes, args: [serve]}}"
    found = load_config(written(tmp_path, line), {"KEY": KEY}).repos["web"].agent
    assert found.settings == {"permissions": {"deny": ["WebSearch"]}}
    assert found.mcp_servers == {"notes": McpServer(command="notes", args=("serve",))}


def test_a_credential_that_a_server_is_handed_in_clear_is_warned_of(tmp_path: Path) -> None:
    line = (
        "mcp_servers: {notes: {type: http, url: 'https://notes.test', headers: {Authorization: Bearer "
        "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB, X: 'Bearer ${NOTES_TOKEN}'}}}"
    )
    found = warnings(load_config(written(tmp_path, line), {"KEY": KEY}))
    assert found == (
        "repos.web.agent.mcp_servers.notes.headers.Authorization: looks like a credential; put it under credentials "
        "(kind: token), so that the agent gets a stand-in for it, and write ${NAME} here",
    )

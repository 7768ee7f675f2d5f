"""`.airut/agent/`: what a repository's default branch adds to how its agent is run (spec: sandbox §4). Pure."""

import json
from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from airut.models.base import Model
from airut.models.policy import claude_settings
from airut.models.tasks.mcp import NAME, McpServer
from airut.models.values.located import PolicyErrors, Problem

FOLDER = ".airut/agent"
SETTINGS, SERVERS, SYSTEM_PROMPT = "settings.json", "mcp.json", "system-prompt.md"
MAX_BYTES = 64 * 1024
"""Of one file: it is given to the agent at each start."""


class AgentFiles(Model):
    """What they say. The operator's own settings come before these."""

    settings: dict[str, object] = {}
    mcp_servers: dict[str, McpServer] = {}
    system_prompt: str | None = None


def read_agent_files(files: Mapping[str, bytes]) -> AgentFiles:
    """`files` are those below the folder, by their paths in it; others than the three are left alone.

    Raises:
        PolicyErrors: one cannot be read, or says what is not taken.
    """
    problems: list[Problem] = []
    texts = {name: _text(name, files[name], problems) for name in (SETTINGS, SERVERS, SYSTEM_PROMPT) if name in files}
    settings = _mapping(SETTINGS, texts.get(SETTINGS, ""), problems)
    problems += (
        _problem(SETTINGS, texts[SETTINGS], path, "is not taken here", why)
        for path, why in claude_settings.refused(settings)
    )
    servers = dict(_servers(texts.get(SERVERS, ""), problems))
    if problems:
        raise PolicyErrors(problems)
    return AgentFiles(settings=settings, mcp_servers=servers, system_prompt=texts.get(SYSTEM_PROMPT) or None)


def _servers(text: str, problems: list[Problem]) -> Iterator[tuple[str, McpServer]]:
    document = _mapping(SERVERS, text, problems)
    hint = 'the servers stand below "mcpServers"'
    problems += (_problem(SERVERS, text, name, "unknown key", hint) for name in document if name != "mcpServers")
    servers = document.get("mcpServers", {})
    if not isinstance(servers, dict):
        problems.append(_problem(SERVERS, text, "mcpServers", "must be a map of servers by name"))
        return
    for name, server in servers.items():
        path = f"mcpServers.{name}"
        if not NAME.fullmatch(name):
            problems.append(_problem(SERVERS, text, path, "a name has 1 to 64 letters, digits, _ and -"))
            continue
        try:
            yield name, McpServer.model_validate(server)
        except ValidationError as error:
            for each in error.errors():
                place = ".".join([path, *map(str, each["loc"])])
                problems.append(_problem(SERVERS, text, place, each["msg"].removeprefix("Value error, ")))


def _text(name: str, content: bytes, problems: list[Problem]) -> str:
    if len(content) > MAX_BYTES:
        problems.append(_problem(name, "", "", f"is over {MAX_BYTES // 1024} KiB"))
        return ""
    try:
        return content.decode()
    except UnicodeDecodeError:
        problems.append(_problem(name, "", "", "is not UTF-8"))
        return ""


def _mapping(name: str, text: str, problems: list[Problem]) -> dict[str, object]:
    """The object that a file holds; an empty one for an empty file, and for what is none."""
    try:
        found = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        file, line, column = f"{FOLDER}/{name}", error.lineno, error.colno
        problems.append(Problem(file=file, line=line, column=column, path="", problem=f"not JSON: {error.msg}"))
        return {}
    except RecursionError:
        problems.append(_problem(name, "", "", "is nested too deeply"))
        return {}
    if not isinstance(found, dict):
        problems.append(_problem(name, text, "", "must be an object: {…}"))
        return {}
    return found


def _problem(name: str, text: str, path: str, problem: str, remedy: str | None = None) -> Problem:
    """At the line in which the last key of `path` first stands."""
    key = json.dumps(path.rpartition(".")[2], ensure_ascii=False)
    before, found, _ = text.partition(key)
    line, column = (before.count("\n") + 1, len(before) - before.rfind("\n")) if path and found else (1, 1)
    return Problem(file=f"{FOLDER}/{name}", line=line, column=column, path=path, problem=problem, remedy=remedy)

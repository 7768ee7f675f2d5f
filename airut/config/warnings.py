"""What `airut.yaml` may say, and an operator should still change."""

from collections.abc import Iterator, Mapping

from airut.config.dotenv import is_open_to_others
from airut.config.schema import Config
from airut.config.secret_fields import secrets_in
from airut.models.credentials.lookalikes import better_kind
from airut.models.tasks.mcp import McpServer

_INSTEAD = {
    "token": "credentials (kind: token), so that the agent gets a stand-in for it",
    "aws": "credentials (kind: aws), so that the agent signs with stand-ins",
    "claude": "agent.auth, which gives the agent a stand-in for it",
    "github_app": "credentials (kind: github_app), so that the key stays on this host",
}


def warnings(config: Config) -> tuple[str, ...]:
    """One line for each: `field: what is the matter; what to do`. None holds a value."""
    found = [
        f"{place}: the value stands in airut.yaml itself; move it to .env, and write !env with its name here"
        for place, secret in secrets_in(config)
        if secret.origin is None
    ]
    if not config.repos:
        found.append("repos: there is none, so nobody can ask for anything; add one")
    for repo, settings in config.repos.items():
        for name, value in settings.env.items():
            if (kind := better_kind(name, value)) is not None:
                found.append(f"repos.{repo}.env.{name}: looks like a credential; put it under {_INSTEAD[kind]}")
        found += [
            f"repos.{repo}.agent.mcp_servers.{place}: looks like a credential; put it under {_INSTEAD[kind]}, and "
            "write ${NAME} here"
            for place, kind in _of_servers(settings.agent.mcp_servers)
        ]
    found += [
        f"{place}: the value of a secret stands here as well, as plain text; records that hold it are refused "
        "(SecretInPayload), so change one of the two"
        for place, text in _plain(config.model_dump(mode="json"))
        if config.sources.redactor.holds(text.encode())
    ]
    return tuple(found)


def _of_servers(servers: Mapping[str, McpServer]) -> Iterator[tuple[str, str]]:
    """What looks like a credential among what is handed to servers: its place, and the kind that it should be."""
    for name, server in servers.items():
        for key, members in (("env", server.env), ("headers", server.headers)):
            for member, text in members.items():
                value = text.rpartition(" ")[2]  # `Bearer …`
                written_out = not value.startswith("${")
                if written_out and (kind := better_kind(member, value)) is not None:
                    yield f"{name}.{key}.{member}", kind


def exposed(config: Config) -> tuple[str, ...]:
    """One line for each file of variables that others may read."""
    found = filter(is_open_to_others, config.sources.places.dotenv)
    return tuple(f"{file} can be read by others; run `chmod 600 {file}`" for file in found)


def _plain(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a configuration, names included, with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _plain(member, f"{place}.{number}")
    elif isinstance(value, dict):
        for key, member in value.items():
            below = f"{place}.{key}" if place else str(key)
            yield below, str(key)
            yield from _plain(member, below)

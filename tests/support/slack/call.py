"""One call of a Web API method, its arguments checked (https://docs.slack.dev/reference/methods)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.slack import blocks
from tests.support.slack.workspace import BOT_USER, Channel, Json, Workspace

PAGE = 200
"""Objects of a page, where the caller names no limit."""


class SlackError(Exception):
    """`ok: false`, with this `error`."""


@dataclass
class Call:
    """One call of a method, its arguments checked."""

    workspace: Workspace
    base: str
    arguments: Json

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.arguments.get(name, default)

    def error(self, code: str) -> SlackError:
        """`invalid_arguments: which` also tells the test."""
        return SlackError(code)

    def channel(self, name: str = "channel", *, joined: bool = True) -> Channel:
        found = self.workspace.channels.get(self[name])
        if found is None:
            raise SlackError("channel_not_found")
        if joined and BOT_USER not in found.members:
            raise SlackError("not_in_channel")
        return found

    def page(self, items: list[Json], key: str) -> Json:
        """One page of these, as cursors have it."""
        start, limit = int(self.get("cursor") or 0), int(self.get("limit") or PAGE)
        rest = start + limit < len(items)
        return {
            key: items[start : start + limit],
            "has_more": rest,
            "response_metadata": {"next_cursor": str(start + limit) if rest else ""},
        }


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Method:
    """`tier` is its rate limit's; `app` whether it takes the app-level token."""

    handler: Handler
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    tier: str = "3"
    app: bool = False
    json_arguments: tuple[str, ...] = field(default=())
    """Which are JSON, also where they come in a form."""

    def checked(self, given: Json) -> Json:
        """Raises: SlackError"""
        arguments = {name: value for name, value in given.items() if name != "token" and value is not None}
        if unknown := set(arguments) - {*self.required, *self.optional, *self.one_of}:
            raise SlackError(f"invalid_arguments: unknown {sorted(unknown)}")
        if missing := [name for name in self.required if arguments.get(name) in (None, "")]:
            raise SlackError(f"invalid_arguments: missing {missing}")
        if self.one_of and not any(arguments.get(name) for name in self.one_of):
            raise SlackError("no_text")
        for name in self.json_arguments:
            if isinstance(arguments.get(name), str):
                arguments[name] = json.loads(arguments[name])
        if "blocks" in arguments:
            found = blocks.faults(arguments["blocks"], arguments.get("text"))
            if found:
                raise SlackError(f"invalid_blocks: {'; '.join(found)}")
        return arguments

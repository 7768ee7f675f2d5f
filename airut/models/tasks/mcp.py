"""Servers of the Model Context Protocol, as an operator names them for an agent (https://code.claude.com/docs/en/mcp)."""

import re
from typing import Literal, Self

from pydantic import JsonValue, model_validator

from airut.models.base import Model

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Of a server: it is part of its tools' names."""


class McpServer(Model):
    """A program in the sandbox, or a service that its network reaches. `${NAME}` in a text stands for a variable of the
    sandbox: a credential's stand-in, say, which the proxy swaps on its way."""

    type: Literal["stdio", "http", "sse"] = "stdio"
    """`stdio` is a program; the others are services, each with its own transport."""
    command: str | None = None
    """The program, which the repository's image holds."""
    args: tuple[str, ...] = ()
    """Its arguments."""
    env: dict[str, str] = {}
    """Its variables, beside the sandbox's."""
    url: str | None = None
    """Where the service is. The repository's allowlist has to let the sandbox reach it."""
    headers: dict[str, str] = {}
    """Of each request to the service. No place for secrets: the agent sees what stands here."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.type == "stdio":
            if not self.command:
                raise ValueError("a server of type stdio needs a command")
            if self.url or self.headers:
                raise ValueError("url and headers are for servers of type http or sse")
        elif not self.url:
            raise ValueError(f"a server of type {self.type} needs a url")
        elif self.command or self.args or self.env:
            raise ValueError("command, args and env are for servers of type stdio")
        return self

    def declared(self) -> dict[str, JsonValue]:
        """As Claude Code reads it."""
        if self.type == "stdio":
            return {"type": "stdio", "command": self.command, "args": list(self.args), "env": dict(self.env)}
        return {"type": self.type, "url": self.url, "headers": dict(self.headers)}

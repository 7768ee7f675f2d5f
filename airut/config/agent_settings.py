"""The keys of `agent:` in airut.yaml: how Claude Code is run for a repository, and who pays."""

import json
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from airut.config.paths import FolderPath
from airut.models.base import Model
from airut.models.credentials.secret import Secret
from airut.models.policy.model_endpoint import ANTHROPIC, ModelEndpoint
from airut.models.tasks.mcp import McpServer
from airut.models.threads.message import Effort


def _endpoint(given: object) -> object:
    return ModelEndpoint.parse(given) if isinstance(given, str) else given


ModelUrl = Annotated[ModelEndpoint, BeforeValidator(_endpoint)]

_INSTEAD = {
    "apiKeyHelper": "agent.auth says who pays",
    "awsAuthRefresh": "agent.auth says who pays",
    "awsCredentialExport": "agent.auth says who pays",
    "forceLoginMethod": "agent.auth says who pays",
    "env": "repos.<name>.env sets variables",
    "model": "agent.model chooses it",
    "effortLevel": "agent.effort chooses it",
    "gcpAuthRefresh": "agent.auth says who pays",
    "otelHeadersHelper": "it would run unasked",
    "statusLine": "it would run unasked, and nobody sees it",
    "enabledPlugins": "plugins bring hooks, which would run unasked; agent.mcp_servers adds tools",
    "extraKnownMarketplaces": "plugins bring hooks, which would run unasked; agent.mcp_servers adds tools",
    "hooks": "Airut's own are there, and others would run unasked",
    "disableAllHooks": "Airut's own hooks put questions and plans to people",
    "cleanupPeriodDays": "Airut sets it, so that threads can be gone on with",
    "autoMemoryEnabled": "Airut sets it, so that nothing planted is remembered",
    "useAutoModeDuringPlan": "Airut sets it",
}
"""Settings that are not taken, and what there is in their place (https://code.claude.com/docs/en/settings)."""

_OF_PERMISSIONS = ("allow", "ask", "deny", "additionalDirectories")
"""The others choose a mode, which the sandbox makes needless: Airut runs without asking."""


def _allowed_settings(given: dict[str, object]) -> dict[str, object]:
    for name in given:
        if name in _INSTEAD:
            raise ValueError(f"{name} is not taken here: {_INSTEAD[name]}")
    permissions = given.get("permissions", {})
    for name in permissions if isinstance(permissions, dict) else ():
        if name not in _OF_PERMISSIONS:
            raise ValueError(f"permissions.{name} is not taken here: tools run without asking; deny what must not run")
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("only texts, numbers, true, false, null, lists and maps, and no tags") from None
    return given


class Account(Model):
    """One account at the model's provider: an API key, or a subscription's token."""

    api_key: Secret | None = None
    """An API key."""
    oauth_token: Secret | None = None
    """A subscription's token, from `claude setup-token`."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.api_key is None) == (self.oauth_token is None):
            raise ValueError("give either api_key or oauth_token")
        return self


class AgentAuth(Model):
    """One account, or several."""

    api_key: Secret | None = None
    """An API key."""
    oauth_token: Secret | None = None
    """A subscription's token, from `claude setup-token`."""
    accounts: tuple[Account, ...] = ()
    """In the order in which they are used."""
    on_limit: Literal["wait", "next", "fail"] = "wait"
    """Whether a task waits for the end of a usage limit, or goes on with the next account; it waits where all are used
    up."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [self.api_key is not None, self.oauth_token is not None, bool(self.accounts)]
        if sum(given) != 1:
            raise ValueError("give either api_key or oauth_token, or several of them as accounts")
        if self.on_limit == "next" and len(self.accounts) < 2:
            raise ValueError("on_limit: next needs at least two accounts")
        return self

    def all(self) -> tuple[Account, ...]:
        """Its accounts, one or more."""
        return self.accounts or (Account(api_key=self.api_key, oauth_token=self.oauth_token),)


class AgentConfig(Model):
    model: str | None = None
    """As Claude Code names it; null is its own choice."""
    effort: Effort | None = None
    """How hard the model thinks; null is its own choice."""
    version: str = "stable"
    """Of Claude Code: `stable`, which this version of Airut is tested with, or a number."""
    binary: FolderPath | None = None
    """A Claude Code of your own, in place of `version`."""
    base_url: ModelUrl = ANTHROPIC
    """Of a gateway that speaks the model's API. It is granted, and gets the credential, in place of Anthropic's."""
    auth: AgentAuth
    """Who pays."""
    max_turns: Annotated[int, Field(ge=1)] = 200
    """Of one run of the agent."""
    system_prompt: str | None = None
    """What is added to Claude Code's own."""
    plan_approval: bool = False
    """Whether leaving plan mode is a question to the thread."""
    settings: Annotated[dict[str, object], AfterValidator(_allowed_settings)] = {}
    """Of Claude Code, as its settings.json has them. Not those that Airut sets itself, nor those that say who pays or
    what runs unasked."""
    mcp_servers: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")], McpServer] = {}
    """Servers of the Model Context Protocol whose tools the agent has, by name. Theirs are the sandbox's network and
    what its image holds."""

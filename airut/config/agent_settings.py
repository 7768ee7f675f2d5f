"""The keys of `agent:` in airut.yaml: how Claude Code is run for a repository, and who pays."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from airut.config.paths import FolderPath
from airut.models.base import Model
from airut.models.credentials.secret import Secret
from airut.models.policy import claude_settings
from airut.models.policy.model_endpoint import ANTHROPIC, ModelEndpoint
from airut.models.tasks.mcp import NAME, McpServer
from airut.models.threads.message import Effort


def _endpoint(given: object) -> object:
    return ModelEndpoint.parse(given) if isinstance(given, str) else given


ModelUrl = Annotated[ModelEndpoint, BeforeValidator(_endpoint)]


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
    settings: Annotated[dict[str, object], AfterValidator(claude_settings.allowed)] = {}
    """Of Claude Code, as its settings.json has them. Not those that Airut sets itself, nor those that say who pays or
    what runs unasked. They come before those of the repository's `.airut/agent/settings.json`."""
    mcp_servers: dict[Annotated[str, Field(pattern=f"^{NAME.pattern}$")], McpServer] = {}
    """Servers of the Model Context Protocol whose tools the agent has, by name. Theirs are the sandbox's network and
    what its image holds. The repository's `.airut/agent/mcp.json` can name more."""

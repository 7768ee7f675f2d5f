"""What `airut.yaml` says of one repository (spec: operations §1)."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from airut.config.agent_settings import AgentConfig
from airut.config.build_settings import ContainerSettings, RepoBuildSettings
from airut.config.forge_settings import ForgeConfig
from airut.config.held_secret import HeldSecret
from airut.config.limit_settings import SandboxLimitSettings
from airut.config.reload_class import ReloadClass
from airut.config.variables import check_variables, without_unset
from airut.models.base import Model
from airut.models.budgets.settings import BudgetSettings
from airut.models.credentials.github_app import GithubAppCredential
from airut.models.credentials.kinds import AnyCredential
from airut.models.credentials.secret import Secret
from airut.models.mail.address import is_authorized
from airut.models.mail.settings import EmailChannel
from airut.models.policy.model_endpoint import ANTHROPIC
from airut.models.schedules.schedule import SCHEDULE_NAME, ScheduleSettings
from airut.models.schedules.timezones import ZoneName
from airut.models.slack.settings import SlackChannel

BASE_URL = "ANTHROPIC_BASE_URL"
"""The variable by which Claude Code is told of a gateway."""


class ConsoleChannel(Model):
    """`airut send` on this machine. Whoever may run it may ask."""


class Channels(Model):
    email: EmailChannel | None = None
    """A mailbox of its own."""
    slack: SlackChannel | None = None
    """A Slack app of its own."""
    console: ConsoleChannel | None = None
    """`airut send` on this machine."""

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.email is None and self.slack is None and self.console is None:
            raise ValueError("a repository needs at least one channel: email, slack or console")
        return self


def _key_fault(key: Secret) -> str | None:
    """What is wrong with an App's key, as far as it is known: a command has not been run yet."""
    # Not at the top: it brings the forge's client with it, which takes half a second, and few have an App.
    from airut.adapters.github.app_jwt import rsa_key

    if isinstance(key.origin, HeldSecret) and key.origin.is_new():
        return None
    try:
        rsa_key(key.reveal())
    except ValueError as error:
        return str(error)
    return None


class RepoNetwork(Model):
    enabled: bool = True
    """False opens the network for the repository's sandboxes, and hands them the real credentials: no rule of any
    allowlist holds there. Nothing else opens it."""


class RepoConfig(Model):
    """One repository, and whoever may have work done in it."""

    url: str
    """https or ssh, without user or password."""
    default_branch: Annotated[str | None, ReloadClass.TASK] = None
    """Null is what the remote's HEAD names."""
    channels: Channels
    """Where its tasks come from; at least one."""
    agent: Annotated[AgentConfig, ReloadClass.TASK]
    """Who does the work."""
    network: Annotated[RepoNetwork, ReloadClass.TASK] = RepoNetwork()
    """Whether its sandboxes are fenced."""
    env: Annotated[dict[str, str], ReloadClass.TASK] = {}
    """Variables in its sandboxes. No place for secrets: the agent sees what stands here."""
    credentials: Annotated[dict[str, AnyCredential], ReloadClass.TASK, BeforeValidator(without_unset)] = {}
    """By the variable in which a sandbox gets its stand-in."""
    container: Annotated[ContainerSettings, ReloadClass.TASK] = ContainerSettings()
    """The image that its sandboxes are made of."""
    build: Annotated[RepoBuildSettings, ReloadClass.TASK] = RepoBuildSettings()
    """How that image is built."""
    forge: Annotated[ForgeConfig, ReloadClass.TASK] = ForgeConfig()
    """Where its branches and pull requests go."""
    limits: Annotated[SandboxLimitSettings, ReloadClass.TASK] = SandboxLimitSettings()
    """Of its sandboxes and builds; laid over the global ones, key by key."""
    budgets: Annotated[BudgetSettings, ReloadClass.LIVE] = BudgetSettings()
    """Laid over the global ones, key by key."""
    paused: Annotated[bool, ReloadClass.LIVE] = False
    """Whether messages are taken and nothing is begun; what waits begins by itself when this is taken back."""
    timezone: ZoneName = "UTC"
    """In which days of budgets begin and schedules are read; never the machine's."""
    schedules: dict[Annotated[str, Field(pattern=SCHEDULE_NAME)], ScheduleSettings] = {}
    """Tasks that nobody has to ask for."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise ValueError("url must not hold a user or password; put the token under forge.auth")
        if BASE_URL in self.env and self.agent.base_url != ANTHROPIC:
            raise ValueError(f"{BASE_URL} stands in env and agent.base_url gives it; keep agent.base_url")
        check_variables(self.env, self.credentials)
        return self

    @model_validator(mode="after")
    def _app_keys(self) -> Self:
        for name, found in self.credentials.items():
            if isinstance(found, GithubAppCredential) and (fault := _key_fault(found.private_key)):
                raise ValueError(f"credentials.{name}.private_key: {fault}")
        return self

    @model_validator(mode="after")
    def _forge_app(self) -> Self:
        named = self.forge.auth.credential
        if named is not None and not isinstance(self.credentials.get(named), GithubAppCredential):
            raise ValueError(f"forge.auth.credential: {named} is no credential of kind github_app of this repository")
        return self

    @model_validator(mode="after")
    def _schedules_deliver(self) -> Self:
        """Whoever gets a schedule's answer may reply to it, so it has to be somebody who may give tasks."""
        for name, schedule in self.schedules.items():
            if (place := schedule.deliver.slack) is not None:
                if self.channels.slack is None:
                    raise ValueError(
                        f"schedules.{name}.deliver.slack needs channels.slack, by which the answers go out"
                    )
                if (places := self.channels.slack.channels) and place not in places:
                    raise ValueError(
                        f"schedules.{name}.deliver.slack: {place} is none of channels.slack.channels; add it there"
                    )
                continue
            if self.channels.email is None:
                raise ValueError(f"schedules.{name}.deliver.email needs channels.email, by which the answers go out")
            allowed = self.channels.email.auth.authorized_senders
            for address in schedule.deliver.email:
                if not is_authorized(address, allowed):
                    raise ValueError(
                        f"schedules.{name}.deliver.email: {address} may not give tasks here; add it to "
                        "channels.email.auth.authorized_senders, or deliver to somebody who stands there"
                    )
        return self

    @property
    def slug(self) -> str:
        """`owner/name` on the forge."""
        path = urlsplit(self.url).path if "://" in self.url else self.url.partition(":")[2]  # user@host:path
        return self.forge.slug or path.strip("/").removesuffix(".git")

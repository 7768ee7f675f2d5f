"""A repository's Slack channel as configured (spec: slack §1). Times in seconds, sizes in bytes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from airut.models.base import Model
from airut.models.credentials.secret import Secret
from airut.models.values.durations import Bytes, Seconds

ChannelName = Annotated[str, Field(pattern=r"^(#[^\s#]{1,80}|[CGD][A-Z0-9]+)$")]


class SlackMatch(Model):
    """Whom a rule means: exactly one of these."""

    workspace_members: Literal[True] | None = None
    """Full members; guests are none."""
    user_group: str | None = None
    """The handle, without `@`."""
    user_id: Annotated[str, Field(pattern=r"^[UW][A-Z0-9]+$")] | None = None
    """One person."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.workspace_members, self.user_group, self.user_id)) != 1:
            raise ValueError("give one of workspace_members: true, user_group: handle, user_id: U…")
        return self


class SlackDeny(Model):
    deny: SlackMatch


SlackRule = SlackMatch | SlackDeny


class SlackBackfill(Model):
    max_age: Annotated[Seconds, Field(ge=60)] = 24 * 3600.0
    """What is older when it is found is not run; its thread is told."""
    channels: bool = True
    """Whether channels are read back as well, besides direct messages."""


class SlackReactions(Model):
    """Names of emoji; an empty string is none."""

    accepted: str = "eyes"
    """The message is in its thread."""
    waiting: str = "hourglass_flowing_sand"
    """Behind a task, besides `accepted`; so are the next two."""
    paused: str = "double_vertical_bar"
    """The thread is paused."""
    question: str = "question"
    """The agent has asked something."""
    done: str = "white_check_mark"
    """The task has done its job."""
    failed: str = "x"
    """It has not."""


class SlackLimits(Model):
    file: Bytes = 100 * 1024**2
    """Of one file."""
    files: Annotated[int, Field(ge=0)] = 50
    """Of one message."""
    text: Annotated[int, Field(ge=1_000)] = 200_000
    """Characters of one message, and of what was said before it."""


class SlackChannel(Model):
    """One Slack app belongs to one repository."""

    bot_token: Secret
    """`xoxb-…`, of the app's installation in the workspace."""
    app_token: Secret
    """`xapp-…`, with the scope `connections:write`."""
    api: Annotated[str, Field(pattern=r"^(https://|http://127\.0\.0\.1:).*/$")] = "https://slack.com/api/"
    """The Web API's address; GovSlack's is `https://slack-gov.com/api/`."""
    authorized: Annotated[tuple[SlackRule, ...], Field(min_length=1)]
    """In order: the first that fits decides; nobody else may ask."""
    owner: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Whom those are sent to who are not on the list: a user's id, or words."""
    channels: tuple[ChannelName, ...] = ()
    """Ids or `#name`; empty is wherever we are invited. Never restricts direct messages."""
    sticky: Literal["all", "mention"] = "all"
    """What is for us in a thread that is ours."""
    ignore_prefix: str = "//"
    """A message that begins with it is not for us."""
    reject_reply: Literal["ephemeral", "none"] = "ephemeral"
    """What somebody is told who may not ask: something that nobody else sees, or nothing."""
    backfill: SlackBackfill = SlackBackfill()
    """What is done about messages of the time in which nobody listened."""
    history_tier: Literal["internal", "restricted"] = "internal"
    """`restricted` for an app that is distributed outside Slack's Marketplace: it may read back once a minute."""
    progress: bool = True
    """Whether each task has a message that shows how far it is."""
    progress_interval: Annotated[Seconds, Field(ge=1)] = 3.0
    """Between two changes of that message."""
    reactions: SlackReactions = SlackReactions()
    """What stands below a message, by its state."""
    suggested_prompts: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(max_length=4)] = ()
    """Slack shows no more, when somebody opens an assistant thread."""
    greeting: str | None = None
    """What is said then; null is our own."""
    limits: SlackLimits = SlackLimits()
    """What a message may hold."""

    @model_validator(mode="after")
    def _tokens(self) -> Self:
        for name, prefix, other in (("bot_token", "xoxb-", "xapp-"), ("app_token", "xapp-", "xoxb-")):
            token: Secret = getattr(self, name)
            if token.begins_with(other):
                raise ValueError(f"{name} holds the token of the other kind; bot_token is xoxb-…, app_token is xapp-…")
            if not token.begins_with(prefix):
                raise ValueError(f"{name} must be a token that begins with {prefix}")
        return self

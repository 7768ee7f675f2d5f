"""What the intake asks of a Slack workspace; the adapter answers from the Web API, with a memory of some minutes."""

from collections.abc import AsyncIterator
from typing import Any, Literal, Protocol

from airut.models.base import Model


class SlackPerson(Model):
    """`users.info`, as far as anybody asks."""

    id: str
    name: str
    """Display name, else real name."""
    real_name: str = ""
    handle: str = ""
    team: str
    teams: tuple[str, ...] = ()
    """Enterprise Grid: the workspaces the person belongs to; empty elsewhere."""
    deleted: bool = False
    bot: bool = False
    stranger: bool = False
    """Of another organization, through a shared channel."""
    restricted: bool = False
    """A guest of either kind."""


class SlackBot(Model):
    """Who we are: `auth.test`."""

    team: str
    user: str
    bot: str


class SlackAway(Exception):
    """No answer, or one that says nothing of what was asked: nothing is known, ask again. Names the method; `after`, in
    seconds, is set where it is known when asking again helps."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class SlackDirectory(Protocol):
    """Who is who, and who we are. Every call raises `SlackAway` when Slack gives no answer and none is remembered."""

    async def bot(self) -> SlackBot: ...

    async def person(self, user: str) -> SlackPerson | None:
        """None: there is nobody of this id."""
        ...

    async def group_members(self, handle: str) -> frozenset[str] | None:
        """The ids of a user group's members; None: there is no such group."""
        ...

    async def names(self, ids: frozenset[str]) -> dict[str, str]:
        """Names of people, groups and channels by their ids, as far as they are known now: this raises nothing."""
        ...


class SlackPlace(Model):
    """A conversation that we are in."""

    id: str
    name: str = ""
    kind: Literal["channel", "group", "im", "mpim"]
    """As the `channel_type` of its events."""


class SlackHistory(Protocol):
    """What was written while nobody listened. Raises `SlackAway` when Slack does not answer, be it for its limits."""

    async def places(self) -> tuple[SlackPlace, ...]:
        """Where we are."""
        ...

    async def public_names(self) -> frozenset[str]:
        """The names of all public channels."""
        ...

    def posts(self, channel: str, oldest: float) -> AsyncIterator[dict[str, Any]]:
        """The channel's own posts since then, as Slack has them, newest first."""
        ...

    def replies(self, channel: str, thread_ts: str, oldest: float) -> AsyncIterator[dict[str, Any]]:
        """A thread's posts since then, oldest first. A thread that is not there has none."""
        ...

"""Which posts are for us, and who may ask (spec: slack §4, §5)."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Protocol

from airut.models.slack.posts import people_talking
from airut.models.slack.settings import SlackChannel, SlackLimits
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.ports.audit import AuditTrail, LogTrail, note
from airut.ports.slack import SlackBot, SlackDirectory
from signals.slack.authorization import Verdict, judge, not_listed
from signals.slack.events import Place, Post
from signals.slack.places import SlackPlaces


class Feedback(Protocol):
    """Small signs; a failure of one is its own matter."""

    async def react(self, channel: str, ts: str, name: str) -> None:
        """Put a reaction on a message."""
        ...

    async def whisper(self, channel: str, user: str, text: str) -> None:
        """Tell one person something that nobody else sees."""
        ...


def opens(post: Post) -> bool:
    """Whether a post may begin a thread; any other only goes on with one of ours."""
    return post.place is Place.DIRECT or post.mentions_us


class SlackGate:
    def __init__(
        self,
        repo: str,
        channel: SlackChannel,
        directory: SlackDirectory,
        places: SlackPlaces,
        feedback: Feedback,
        audit: AuditTrail | None = None,
    ) -> None:
        self._repo = repo
        self._channel = channel
        self._directory = directory
        self._places = places
        self._feedback = feedback
        self._audit = audit or LogTrail()
        self._told: set[tuple[str, str]] = set()
        self._telling: set[asyncio.Task[None]] = set()

    async def admits(self, post: Post, bot: SlackBot) -> bool:
        """
        Raises:
            SlackAway: nobody knows at present who this is, or where.
        """
        if not self._is_for_us(post, bot.user):
            return False
        if post.place is Place.CHANNEL and not await self._places.admits(post.channel):
            self._turn_away(post, f"Tasks for `{self._repo}` are not taken in this channel.")
            return False
        verdict = await self._verdict(post, bot)
        if verdict is Verdict.NOT_LISTED:
            self._turn_away(post, not_listed(self._repo, self._channel))
        return verdict is Verdict.ALLOWED

    async def lets_change(self, post: Post, bot: SlackBot) -> bool:
        """Whether a change of a message counts, whatever it says; nobody is told.

        Raises:
            SlackAway: as for `admits`.
        """
        if post.place is Place.CHANNEL and not await self._places.admits(post.channel):
            return False
        return await self._verdict(post, bot) is Verdict.ALLOWED

    async def _verdict(self, post: Post, bot: SlackBot) -> Verdict:
        verdict = await judge(post.user, bot.team, self._channel.authorized, self._directory, post.home)
        if verdict is not Verdict.ALLOWED and opens(post):  # others speak in threads that need not be ours
            await note(self._audit, _refused(self._repo, post, verdict))
        return verdict

    async def lets_in(self, post: Post, bot: SlackBot) -> bool:
        """As `admits`, but nobody is told. Raises: SlackAway: as for `admits`."""
        return self._is_for_us(post, bot.user) and await self.lets_change(post, bot)

    @property
    def limits(self) -> SlackLimits:
        """Of one message."""
        return self._channel.limits

    def accepted(self, post: Post) -> None:
        """Show that it is. One that is read again may have its answer by now, and says so."""
        if post.taken:
            return
        self._later(self._feedback.react(post.channel, post.ts, self._channel.reactions.accepted))

    def _is_for_us(self, post: Post, us: str) -> bool:
        """Whether somebody speaks to us, or may do so in a thread of ours, which its workflow will tell."""
        if opens(post):
            return True
        if post.begins or self._channel.sticky == "mention":
            return False
        return not people_talking(post.body, us, self._channel.ignore_prefix)

    def overhears(self, post: Post, us: str) -> bool:
        """Whether people talk to each other, in a thread that may be ours."""
        return post.place is Place.CHANNEL and not post.begins and not self._is_for_us(post, us)

    def _turn_away(self, post: Post, text: str) -> None:
        """Whoever spoke to us, once a day."""
        today = datetime.now(UTC).date().isoformat()
        if not opens(post) or self._channel.reject_reply == "none" or (post.user, today) in self._told:
            return
        self._told = {(post.user, today), *(told for told in self._told if told[1] == today)}
        self._later(self._feedback.whisper(post.channel, post.user, text))

    def _later(self, telling: Coroutine[None, None, None]) -> None:
        """Once the event is acknowledged: that must not wait for what is nice to have."""
        task = asyncio.create_task(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


def _refused(repo: str, post: Post, verdict: Verdict) -> AuditEvent:
    return AuditEvent(
        actor=post.user,
        action=AuditAction.MESSAGE_REFUSED,
        object=f"{repo}/slack",
        detail={"reason": str(verdict), "channel": post.channel, "ts": post.ts},
    )

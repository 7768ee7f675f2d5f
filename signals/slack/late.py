"""What was written so long ago that it is not run any more (spec: slack §3): its author is told, in its thread."""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from airut.ports.slack import SlackBot, SlackDirectory
from signals.slack.events import Post, read
from signals.slack.gate import SlackGate, opens

NOTES_MOST = 20
"""Of one start: a channel full of them helps nobody."""
NOTE = "I was away when this came; send it again if it still matters."

Threads = Collection[tuple[str, str]]
logger = logging.getLogger(__name__)


class Notes(Protocol):
    async def note(self, channel: str, thread_ts: str, key: str, text: str) -> None:
        """Say something in a thread, once for each key. Raises: SlackAway: say it again later."""
        ...


class SlackLate:
    def __init__(self, directory: SlackDirectory, gate: SlackGate, notes: Notes, most: int = NOTES_MOST) -> None:
        self._directory = directory
        self._gate = gate
        self._notes = notes
        self._left = most

    async def tell(self, events: Sequence[Mapping[str, Any]], ours: Threads) -> None:
        """One note a thread, of the newest threads. `ours` are the open ones.

        Raises:
            SlackAway: not now; what was said is not said again.
        """
        bot, newest = await self._directory.bot(), dict[tuple[str, str], Post]()
        for event in sorted(events, key=lambda event: float(event["ts"])):
            post = read(event, bot)
            if isinstance(post, Post) and await self._was_missed(post, bot, ours):
                newest.pop((post.channel, post.thread_ts), None)
                newest[post.channel, post.thread_ts] = post
        for post in reversed(newest.values()):
            if self._left <= 0:
                logger.warning("not told that it came while we were away: %s in %s", post.ts, post.channel)
                continue
            await self._notes.note(post.channel, post.thread_ts, f"late/{post.channel}/{post.ts}", NOTE)
            self._left -= 1

    async def _was_missed(self, post: Post, bot: SlackBot, ours: Threads) -> bool:
        """Somebody who may ask has spoken to us, and there is no sign of ours that it was taken."""
        if not opens(post) and (post.channel, post.thread_ts) not in ours:
            return False
        if post.taken or bot.user in (post.body.get("reply_users") or ()):
            return False
        return await self._gate.lets_in(post, bot)

"""Assistant threads (spec: slack §5): somebody opens one, or looks at another channel beside it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp
from temporalio.service import RPCError

from airut.models.slack.settings import SlackChannel
from airut.models.slack.thread import slack_thread
from airut.ports.slack import SlackAway, SlackDirectory
from signals.slack.authorization import Verdict, judge

logger = logging.getLogger(__name__)

GREETING = "Hello! Tell me what is to be done in `{repo}`. What you write in this thread later goes on with it."


class Greetings(Protocol):
    async def greet(
        self, channel: str, thread_ts: str, text: str, prompts: Sequence[str], view: str | None
    ) -> None: ...

    async def look_at(self, channel: str, thread_ts: str, view: str | None) -> None: ...


Overheard = Callable[[str, float], Awaitable[None]]
"""Tell a thread, where it is open, that there is something new to know."""


class SlackAssistantThreads:
    """Whoever may ask is greeted. That is nice to have: it comes after the event is acknowledged, and never again."""

    def __init__(
        self, repo: str, channel: SlackChannel, directory: SlackDirectory, greetings: Greetings, overheard: Overheard
    ) -> None:
        self._repo = repo
        self._channel = channel
        self._directory = directory
        self._greetings = greetings
        self._overheard = overheard
        self._at_it: set[asyncio.Task[None]] = set()
        self._in_turn = asyncio.Lock()

    def listen(self, app: AsyncApp) -> None:
        """Have Bolt's app hand over what concerns them."""
        app.event("assistant_thread_started")(self._on_started)
        app.event("assistant_thread_context_changed")(self._on_changed)

    async def _on_started(self, event: Mapping[str, Any]) -> None:
        self._later(self._greet(event["assistant_thread"]))

    async def _greet(self, thread: Mapping[str, Any]) -> None:
        user = str(thread["user_id"])
        try:
            team = (await self._directory.bot()).team
            verdict = await judge(user, team, self._channel.authorized, self._directory)
        except SlackAway as error:
            logger.info("%s is not greeted: %s", user, error)
            return
        if verdict is Verdict.ALLOWED:  # whoever else writes all the same is told
            text = self._channel.greeting or GREETING.format(repo=self._repo)
            channel, thread_ts = str(thread["channel_id"]), str(thread["thread_ts"])
            await self._greetings.greet(channel, thread_ts, text, self._channel.suggested_prompts, _view(thread))

    async def _on_changed(self, event: Mapping[str, Any]) -> None:
        thread = event["assistant_thread"]
        self._later(self._look_at(thread, float(event["event_ts"])))

    async def _look_at(self, thread: Mapping[str, Any], at: float) -> None:
        channel, thread_ts = str(thread["channel_id"]), str(thread["thread_ts"])
        await self._greetings.look_at(channel, thread_ts, _view(thread))
        try:
            team = (await self._directory.bot()).team
            await self._overheard(slack_thread(self._repo, team, channel, thread_ts), at)
        except (SlackAway, RPCError, OSError) as error:
            logger.info("a thread in %s does not know what is in view: %s", channel, type(error).__name__)

    def _later(self, doing: Coroutine[None, None, None]) -> None:
        async def in_turn() -> None:
            async with self._in_turn:  # a channel that is looked at next must not overtake
                await doing

        task = asyncio.create_task(in_turn())
        self._at_it.add(task)
        task.add_done_callback(self._at_it.discard)


def _view(thread: Mapping[str, Any]) -> str | None:
    return (thread.get("context") or {}).get("channel_id") or None

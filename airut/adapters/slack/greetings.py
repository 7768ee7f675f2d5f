"""What we say in a thread before anybody asks us there (spec: slack §3, §5): greetings, and notes of what was missed.
Each is said once, however often that is tried."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.conversations import VIEW
from airut.adapters.slack.posts import has_key, metadata
from airut.adapters.slack.thread_posts import posted_since
from airut.adapters.slack.web.failures import AWAY, code
from airut.ports.slack import SlackAway, SlackDirectory

TITLE = 75
"""Characters of a suggested prompt that its button shows."""

Json = dict[str, Any]
logger = logging.getLogger(__name__)


class SlackGreetings:
    def __init__(self, web: AsyncWebClient, directory: SlackDirectory) -> None:
        self._web = web
        self._directory = directory

    async def note(self, channel: str, thread_ts: str, key: str, text: str) -> None:
        """Say something in a thread. Raises: SlackAway: say it again later."""
        try:
            said = await self._posted(channel, thread_ts)
            if not any(has_key(post, key) for post in said):
                await self._web.chat_postMessage(
                    channel=channel, thread_ts=thread_ts, text=text, metadata=metadata(key)
                )
        except AWAY as error:
            raise SlackAway(f"chat.postMessage: {code(error)}") from None

    async def greet(self, channel: str, thread_ts: str, text: str, prompts: Sequence[str], view: str | None) -> None:
        """Greet whoever has opened an assistant thread, and suggest prompts. What fails is logged."""
        try:
            if not any(_is_greeting(post) for post in await self._posted(channel, thread_ts)):
                await self._web.chat_postMessage(channel=channel, thread_ts=thread_ts, text=text, metadata=_view(view))
            if prompts:
                shown = [{"title": prompt.splitlines()[0][:TITLE], "message": prompt} for prompt in prompts]
                await self._web.assistant_threads_setSuggestedPrompts(
                    channel_id=channel, thread_ts=thread_ts, prompts=shown
                )
        except (SlackAway, *AWAY) as error:
            logger.info("nobody was greeted in %s: %s", channel, code(error))

    async def look_at(self, channel: str, thread_ts: str, view: str | None) -> None:
        """Remember, with the greeting, which channel is in view now. What fails is logged."""
        try:
            greeting = next((post for post in await self._posted(channel, thread_ts) if _is_greeting(post)), None)
            if greeting is not None and greeting["metadata"] != _view(view):
                await self._web.chat_update(
                    channel=channel, ts=greeting["ts"], text=greeting["text"], metadata=_view(view)
                )
        except (SlackAway, *AWAY) as error:
            logger.info("the channel in view of %s is not known: %s", channel, code(error))

    async def _posted(self, channel: str, thread_ts: str) -> list[Json]:
        since = datetime.fromtimestamp(float(thread_ts), UTC)
        return await posted_since(self._web, self._directory, channel, thread_ts, since)


def _view(channel: str | None) -> Json:
    return {"event_type": VIEW, "event_payload": {"channel": channel or ""}}


def _is_greeting(post: Json) -> bool:
    return bool((post.get("metadata") or {}).get("event_type") == VIEW)

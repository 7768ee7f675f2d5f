"""Small signs besides answers: reactions, and words that only one person sees. None of them may fail anything."""

import logging
from collections.abc import Sequence

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.failures import AWAY, code

logger = logging.getLogger(__name__)


class SlackFeedback:
    """What cannot be shown is logged."""

    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web

    async def react(self, channel: str, ts: str, name: str, gone: Sequence[str] = ()) -> None:
        """Put a reaction on a message, and take others of ours off. An empty name is none."""
        changes = [(self._web.reactions_add, name), *((self._web.reactions_remove, each) for each in gone)]
        for change, emoji in changes:
            if not emoji:
                continue
            try:
                await change(channel=channel, timestamp=ts, name=emoji)
            except AWAY as error:
                logger.debug("no reaction on %s: %s", ts, code(error))

    async def whisper(self, channel: str, user: str, text: str, thread: str | None = None) -> None:
        """Tell one person something that nobody else sees."""
        try:
            await self._web.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=thread)
        except AWAY as error:
            logger.info("%s was not told in %s: %s", user, channel, code(error))

"""Small signs besides answers: reactions, and words that only one person sees. None of them may fail anything."""

import logging
from collections.abc import Sequence

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.failures import AWAY, OPERATORS, code, passes

logger = logging.getLogger(__name__)


class SlackFeedback:
    """What cannot be shown is logged."""

    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web

    async def react(self, channel: str, ts: str, name: str) -> None:
        """Put a reaction on a message."""
        await self.mark(channel, ts, name)

    async def mark(self, channel: str, ts: str, name: str, gone: Sequence[str] = ()) -> bool:
        """Put a reaction on a message, and take others of ours off. An empty name is none. False where it may work
        later."""
        changes = [(self._web.reactions_add, name), *((self._web.reactions_remove, each) for each in gone)]
        done = True
        for change, emoji in changes:
            if not emoji:
                continue
            try:
                await change(channel=channel, timestamp=ts, name=emoji)
            except AWAY as error:
                logger.debug("no reaction on %s: %s", ts, code(error))
                done = done and (not passes(error) or code(error) in OPERATORS)
        return done

    async def whisper(self, channel: str, user: str, text: str, thread: str | None = None) -> None:
        """Tell one person something that nobody else sees."""
        try:
            await self._web.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=thread)
        except AWAY as error:
            logger.info("%s was not told in %s: %s", user, channel, code(error))

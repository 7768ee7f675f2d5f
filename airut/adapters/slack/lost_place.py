"""Where a thread cannot be answered any more, whoever asked is told in a direct message, once (spec: slack §10)."""

import logging

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.posts import SlackPost
from airut.adapters.slack.text.inline import escaped
from airut.adapters.slack.thread_posts import not_before
from airut.adapters.slack.web.answers import told
from airut.adapters.slack.web.failures import AWAY, PLACE_GONE, code
from airut.adapters.slack.web.pages import PAGE, pages
from airut.models.tasks.reply import Outbound
from airut.models.threads.message import SlackRoute

logger = logging.getLogger(__name__)


class LostPlace:
    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web

    async def tell(self, outbound: Outbound, route: SlackRoute, why: str) -> None:
        """The answer itself does not go along: it was for a place with other readers. Fails nothing."""
        if route.channel.startswith("D") or route.opens:
            return  # there is no other way to this person, or a schedule has asked
        words = (
            f"My answer to your message in <#{route.channel}> cannot be posted there: {PLACE_GONE[why]}. "
            f"It is kept: `airut thread show {escaped(outbound.thread)}` shows it."
        )
        post = SlackPost(key=f"{outbound.key}/gone", text=words, sections=(words,))
        try:
            if not (outbound.again and await self._is_told(post, route.user, not_before(outbound.at))):
                await self._web.chat_postMessage(
                    channel=route.user, text=post.text, blocks=post.blocks(), metadata=post.metadata()
                )
        except AWAY as error:
            logger.warning("%s was not told that %s is gone: %s", route.user, route.channel, code(error))

    async def _is_told(self, post: SlackPost, user: str, oldest: str) -> bool:
        """Whether an earlier try, whose end nobody knows, has said it."""
        async for page in pages(self._web.users_conversations, types="im", limit=PAGE):
            for place in page["channels"]:
                if place.get("user") == user:
                    said = told(
                        await self._web.conversations_history(
                            channel=place["id"], oldest=oldest, limit=PAGE, include_all_metadata=True
                        )
                    )
                    return any(post.is_at(message) for message in said["messages"])
        return False

"""What we have posted in a thread by now, by which a second try finds what the first one did (spec: slack §10)."""

from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.pages import PAGE, pages
from airut.ports.slack import SlackDirectory

EARLIER = timedelta(minutes=5)
"""How far Slack's clock and ours may be apart, when it is asked for what has been posted since."""

Json = dict[str, Any]


async def posted_since(
    web: AsyncWebClient, directory: SlackDirectory, channel: str, thread_ts: str, since: datetime
) -> list[Json]:
    """Our own messages of the thread, with their metadata. Raises: what the Web API's client does; SlackAway"""
    bot, found = await directory.bot(), list[Json]()
    async for page in pages(
        web.conversations_replies,
        channel=channel,
        ts=thread_ts,
        oldest=not_before(since),
        limit=PAGE,
        include_all_metadata=True,
    ):
        found += [message for message in page["messages"] if message.get("user") == bot.user]
    return found


def not_before(since: datetime) -> str:
    """Slack's timestamp from which on to look for what may have been posted since."""
    return f"{(since - EARLIER).timestamp():.6f}"

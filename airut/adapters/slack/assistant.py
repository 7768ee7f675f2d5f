"""What Slack shows of a direct message's thread beside its messages: a status, a title (spec: slack §7)."""

import logging

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.failures import AWAY, code
from airut.models.tasks.progress import ShowOrder
from airut.models.tasks.shown import ShownState
from airut.models.threads.message import SlackRoute

PREPARING = "is preparing…"
"""Slack writes our name before it."""
TITLE = 60
"""Characters."""

logger = logging.getLogger(__name__)


class SlackAssistant:
    """What cannot be shown is logged: a thread may be no assistant's."""

    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web

    async def show(self, order: ShowOrder, route: SlackRoute) -> None:
        if not route.channel.startswith("D"):
            return
        try:
            if order.title:
                await self._web.assistant_threads_setTitle(
                    channel_id=route.channel, thread_ts=route.thread_ts, title=order.title[:TITLE]
                )
            status = _status(order)
            if status is not None:
                await self._web.assistant_threads_setStatus(
                    channel_id=route.channel, thread_ts=route.thread_ts, status=status
                )
        except AWAY as error:
            logger.debug("no status in %s: %s", route.channel, code(error))


def _status(order: ShowOrder) -> str | None:
    """None leaves it as it is. It locks the thread's composer, so it goes as soon as there is something to see."""
    if order.look.state is ShownState.PREPARING:
        return PREPARING if order.shown.state is None else None
    return "" if order.shown.state is ShownState.PREPARING else None

"""Reading back what was written (https://docs.slack.dev/apis/web-api/pagination). Implements `airut.ports.slack`."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Literal

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from airut.adapters.slack.web.failures import AWAY, again_after, code, named, retry_after
from airut.adapters.slack.web.pages import PAGE, Method, pages
from airut.ports.slack import SlackAway, SlackPlace

KINDS = "public_channel,private_channel,im,mpim"
PATIENCE = 120.0
"""Seconds that one call waits at most for a limit to end; after that the caller comes again later."""

Json = dict[str, Any]


class WebHistory:
    def __init__(self, web: AsyncWebClient, page: int = PAGE) -> None:
        """`page` is how many messages are read at once."""
        self._web = web
        self._page = page

    async def places(self) -> tuple[SlackPlace, ...]:
        found = _items(
            "channels", "users.conversations", self._web.users_conversations,
            types=KINDS, exclude_archived=True, limit=PAGE,
        )  # fmt: skip
        return tuple([SlackPlace(id=each["id"], name=each.get("name") or "", kind=_kind(each)) async for each in found])

    async def public_names(self) -> frozenset[str]:
        found = _items(
            "channels", "conversations.list", self._web.conversations_list, exclude_archived=True, limit=PAGE
        )
        return frozenset([str(each.get("name")) async for each in found])

    def posts(self, channel: str, oldest: float) -> AsyncIterator[Json]:
        return _items(
            "messages", "conversations.history", self._web.conversations_history,
            channel=channel, oldest=f"{oldest:.6f}", limit=self._page,
        )  # fmt: skip

    async def replies(self, channel: str, thread_ts: str, oldest: float) -> AsyncIterator[Json]:
        async for each in _items(
            "messages", "conversations.replies", self._web.conversations_replies,
            channel=channel, ts=thread_ts, oldest=f"{oldest:.6f}", limit=self._page,
        ):  # fmt: skip
            if float(each["ts"]) > oldest:  # the thread's first post comes along on every page
                yield each


async def _items(key: str, name: str, method: Method, **arguments: object) -> AsyncIterator[Json]:
    """What stands under `key` on the pages of a method; `name` is Slack's for it."""
    try:
        async for page in pages(partial(_patiently, method), **arguments):
            for each in page[key]:
                yield each
    except SlackApiError as error:
        if code(error) not in ("thread_not_found", "channel_not_found", "not_in_channel"):
            raise SlackAway(named(name, error), again_after(error)) from None
    except AWAY as error:
        raise SlackAway(named(name, error), again_after(error)) from None


async def _patiently(method: Method, **arguments: object) -> AsyncSlackResponse:
    """One call, made again where a limit says when."""
    waited = 0.0
    while True:
        try:
            return await method(**arguments)
        except SlackApiError as error:
            wait = retry_after(error)
            if wait is None or waited + wait > PATIENCE:
                raise
            waited += wait
            await asyncio.sleep(wait)


def _kind(body: Json) -> Literal["channel", "group", "im", "mpim"]:
    if body.get("is_im"):
        return "im"
    if body.get("is_mpim"):
        return "mpim"
    return "group" if body.get("is_group") or body.get("is_private") else "channel"

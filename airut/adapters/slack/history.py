"""Reading back what was written (https://docs.slack.dev/apis/web-api/pagination). Implements `airut.ports.slack`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.answers import told
from airut.adapters.slack.web.failures import AWAY, again_after, code, named, retry_after
from airut.ports.slack import SlackAway, SlackPlace

PAGE = 200
"""Objects; Slack recommends no more."""
RESTRICTED_PAGE = 15
"""Objects that an app gets at once that is distributed outside Slack's Marketplace."""
KINDS = "public_channel,private_channel,im,mpim"
PATIENCE = 120.0
"""Seconds that one call waits at most for a limit to end; after that the caller comes again later."""

Json = dict[str, Any]
Page = Callable[[str | None], Awaitable[Json]]


class WebHistory:
    def __init__(self, web: AsyncWebClient, page: int = PAGE) -> None:
        """`page` is how many messages are read at once."""
        self._web = web
        self._page = page

    async def places(self) -> tuple[SlackPlace, ...]:
        async def page(cursor: str | None) -> Json:
            return told(
                await self._web.users_conversations(types=KINDS, exclude_archived=True, limit=PAGE, cursor=cursor)
            )

        found = [each async for each in _items(page, "channels", "users.conversations")]
        return tuple(SlackPlace(id=each["id"], name=each.get("name") or "", kind=_kind(each)) for each in found)

    async def public_names(self) -> frozenset[str]:
        async def page(cursor: str | None) -> Json:
            return told(await self._web.conversations_list(exclude_archived=True, limit=PAGE, cursor=cursor))

        return frozenset([str(each.get("name")) async for each in _items(page, "channels", "conversations.list")])

    async def posts(self, channel: str, oldest: float) -> AsyncIterator[Json]:
        async def page(cursor: str | None) -> Json:
            return told(
                await self._web.conversations_history(
                    channel=channel, oldest=f"{oldest:.6f}", limit=self._page, cursor=cursor
                )
            )

        async for each in _items(page, "messages", "conversations.history"):
            yield each

    async def replies(self, channel: str, thread_ts: str, oldest: float) -> AsyncIterator[Json]:
        async def page(cursor: str | None) -> Json:
            return told(
                await self._web.conversations_replies(
                    channel=channel, ts=thread_ts, oldest=f"{oldest:.6f}", limit=self._page, cursor=cursor
                )
            )

        async for each in _items(page, "messages", "conversations.replies"):
            if float(each["ts"]) > oldest:  # the thread's first post comes along on every page
                yield each


async def _items(page: Page, key: str, method: str) -> AsyncIterator[Json]:
    cursor: str | None = None
    while True:
        try:
            body = await _patiently(page, cursor)
        except SlackApiError as error:
            if code(error) in ("thread_not_found", "channel_not_found", "not_in_channel"):
                return
            raise SlackAway(named(method, error), again_after(error)) from None
        except AWAY as error:
            raise SlackAway(named(method, error), again_after(error)) from None
        for each in body[key]:
            yield each
        cursor = (body.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return


async def _patiently(page: Page, cursor: str | None) -> Json:
    """One page, asked for again where a limit says when."""
    waited = 0.0
    while True:
        try:
            return await page(cursor)
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

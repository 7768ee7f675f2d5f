"""Who is who in the workspace, remembered for some minutes (spec: slack §4). Implements `airut.ports.slack`."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.answers import told
from airut.adapters.slack.web.failures import AWAY, again_after, code, named
from airut.adapters.slack.web.pages import PAGE, pages
from airut.ports.slack import SlackAway, SlackBot, SlackPerson

logger = logging.getLogger(__name__)

PEOPLE_AGE = 300.0
"""Seconds. Who was taken off a list is out after so long."""
HANDLES_AGE = 3600.0
ASK_AGAIN = 60.0
"""Seconds after which a handle that nobody had is looked up once more: its group may be new."""
STALE_AGE = 3600.0
"""So old may an answer be while Slack gives no other."""


class _Remembered[T]:
    """The last answer by what was asked."""

    def __init__(self, age: float, clock: Callable[[], float]) -> None:
        self._age = age
        self._clock = clock
        self._found: dict[str, tuple[float, T]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def get(self, what: str, method: str, ask: Callable[[], Awaitable[T]], age: float | None = None) -> T:
        """`age` is how old it may be, where that is less than usual. Raises: SlackAway"""
        async with self._asking.setdefault(what, asyncio.Lock()):
            at, found = self._found.get(what, (float("-inf"), None))
            if self._clock() - at < (self._age if age is None else age):
                return found  # type: ignore[return-value]
            try:
                fresh = await ask()
            except AWAY as error:
                if self._clock() - at < STALE_AGE:
                    return found  # type: ignore[return-value]
                raise SlackAway(named(method, error), again_after(error)) from None
            self._found[what] = (self._clock(), fresh)
            return fresh


class WebDirectory:
    def __init__(self, web: AsyncWebClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._web = web
        self._people: _Remembered[SlackPerson | None] = _Remembered(PEOPLE_AGE, clock)
        self._handles: _Remembered[dict[str, str]] = _Remembered(HANDLES_AGE, clock)
        self._channels: _Remembered[dict[str, str]] = _Remembered(HANDLES_AGE, clock)
        self._members: _Remembered[frozenset[str]] = _Remembered(PEOPLE_AGE, clock)
        self._bot: _Remembered[SlackBot] = _Remembered(float("inf"), clock)

    async def bot(self) -> SlackBot:
        async def ask() -> SlackBot:
            us = told(await self._web.auth_test())
            return SlackBot(team=us["team_id"], user=us["user_id"], bot=us["bot_id"])

        return await self._bot.get("", "auth.test", ask)

    async def person(self, user: str) -> SlackPerson | None:
        async def ask() -> SlackPerson | None:
            try:
                return _person(told(await self._web.users_info(user=user))["user"])
            except SlackApiError as error:
                if code(error) in ("user_not_found", "user_not_visible"):
                    return None
                raise

        return await self._people.get(user, "users.info", ask)

    async def group_members(self, handle: str) -> frozenset[str] | None:
        group = await self.group(handle)
        if group is None:
            return None

        async def ask() -> frozenset[str]:
            return frozenset(told(await self._web.usergroups_users_list(usergroup=group))["users"])

        return await self._members.get(group, "usergroups.users.list", ask)

    async def group(self, handle: str) -> str | None:
        """The id of a user group; None: there is no such group. Raises: SlackAway"""
        handle = handle.removeprefix("@")
        groups = await self._handles.get("", "usergroups.list", self._groups)
        if handle not in groups:
            groups = await self._handles.get("", "usergroups.list", self._groups, ASK_AGAIN)
        return groups.get(handle)

    async def channels(self) -> dict[str, str]:
        """The names, by id, of the channels that we are in. Raises: SlackAway"""
        return await self._channels.get("", "users.conversations", self._joined)

    async def names(self, ids: frozenset[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in sorted(ids):
            try:
                if (name := await self._name(each)) is not None:
                    found[each] = name
            except SlackAway as error:
                logger.debug("%s has no name: %s", each, error)
        return found

    async def _name(self, id_: str) -> str | None:
        if id_.startswith(("C", "G")):
            return (await self.channels()).get(id_)
        if id_.startswith("S"):
            groups = await self._handles.get("", "usergroups.list", self._groups)
            return next((handle for handle, group in groups.items() if group == id_), None)
        person = await self.person(id_)
        return person.name if person is not None else None

    async def _groups(self) -> dict[str, str]:
        return {group["handle"]: group["id"] for group in told(await self._web.usergroups_list())["usergroups"]}

    async def _joined(self) -> dict[str, str]:
        found: dict[str, str] = {}
        types = "public_channel,private_channel"
        async for page in pages(self._web.users_conversations, types=types, exclude_archived=True, limit=PAGE):
            found |= {channel["id"]: channel["name"] for channel in page["channels"]}
        return found


def _person(body: dict[str, Any]) -> SlackPerson:
    profile = body.get("profile") or {}
    real = str(profile.get("real_name") or body.get("real_name") or "")
    return SlackPerson(
        id=body["id"],
        name=str(profile.get("display_name") or real or body.get("name") or body["id"]),
        real_name=real,
        handle=str(body.get("name") or ""),
        team=str(body.get("team_id") or ""),
        teams=tuple((body.get("enterprise_user") or {}).get("teams") or ()),
        deleted=bool(body.get("deleted")),
        bot=bool(body.get("is_bot")),
        stranger=bool(body.get("is_stranger")),
        restricted=bool(body.get("is_restricted") or body.get("is_ultra_restricted")),
    )

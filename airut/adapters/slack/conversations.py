"""What was written in a thread before somebody called us (spec: slack §5). Implements `airut.ports.conversations`."""

from datetime import UTC, datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.answers import told
from airut.adapters.slack.web.failures import AWAY, OPERATORS, SlackLimited, code, retry_after
from airut.adapters.slack.web.pages import PAGE, RESTRICTED_PAGE, next_cursor, pages
from airut.errors import HistoryRefused, HistoryUnavailable
from airut.models.slack.files import files_of
from airut.models.slack.posts import not_a_persons, people_talking
from airut.models.slack.settings import SlackChannel
from airut.models.slack.text import mentioned, readable, unnamed, words
from airut.models.threads.earlier import Earlier, EarlierInput, EarlierPost
from airut.ports.slack import SlackAway, SlackDirectory

READ = 1_000
RESTRICTED_READ = 60
"""Posts that are read at most; the latter are four calls, of which such an app has one a minute."""
KEPT = 200
"""Posts that are told at most, the newest: some ten thousand words."""
GONE = frozenset({"thread_not_found", "channel_not_found", "not_in_channel", "message_not_found"})
VIEW = "airut_view"
"""Type of the metadata of a greeting, which remembers the channel that its reader has in view."""

Json = dict[str, Any]


class SlackConversations:
    """Of one repository's app."""

    def __init__(self, settings: SlackChannel, web: AsyncWebClient, directory: SlackDirectory) -> None:
        self._settings = settings
        self._web = web
        self._directory = directory
        restricted = settings.history_tier == "restricted"
        self._page, self._most = (RESTRICTED_PAGE, RESTRICTED_READ) if restricted else (PAGE, READ)

    async def earlier(self, order: EarlierInput) -> Earlier:
        try:
            us = (await self._directory.bot()).user
            posts, unread = await self._posts(order)
            direct = order.route.channel.startswith("D")
            wanted = [post for post in posts if self._is_context(post, us, order.everything, direct)]
            kept = wanted[-KEPT:]
            names = await self._directory.names(frozenset(name for post in kept for name in _named(post)))
            shown = self._fitting([self._told(post, names) for post in kept])
            return Earlier(
                posts=shown,
                left_out=len(wanted) - len(shown),
                unread=unread and bool(shown),
                in_view=await self._in_view(posts, us),
            )
        except SlackAway as error:
            raise HistoryUnavailable(f"Slack does not say: {error}") from None
        except AWAY as error:
            raise _as_ours(error) from None

    async def _posts(self, order: EarlierInput) -> tuple[list[Json], bool]:
        """The thread's posts after `since` and before the message, oldest first, and whether there are more. Of a
        direct message that goes on with a task only the greeting matters: nobody else talks there."""
        if order.route.channel.startswith("D") and not order.everything:
            return await self._read(order, since=0.0, most=1)
        return await self._read(order, order.since, self._most)

    async def _read(self, order: EarlierInput, since: float, most: int) -> tuple[list[Json], bool]:
        until, read = float(order.route.ts), list[Json]()
        try:
            async for page in pages(
                self._web.conversations_replies,
                channel=order.route.channel,
                ts=order.route.thread_ts,
                oldest=f"{since:.6f}",
                latest=order.route.ts,
                limit=self._page,
                include_all_metadata=True,
            ):
                read += [post for post in page["messages"] if since < float(post["ts"]) < until]
                if len(read) >= most:
                    return read, next_cursor(page) is not None
        except AWAY as error:
            if code(error) in GONE:
                return [], False
            raise
        return read, False

    def _is_context(self, post: Json, us: str, everything: bool, direct: bool) -> bool:
        if not_a_persons(post, us):
            return False
        if everything or direct:
            return everything
        if self._settings.sticky == "mention" and us not in mentioned(str(post.get("text") or "")):
            return True
        return people_talking(post, us, self._settings.ignore_prefix)

    def _told(self, post: Json, names: dict[str, str]) -> EarlierPost:
        user = str(post["user"])
        return EarlierPost(
            author=names.get(user, user),
            at=datetime.fromtimestamp(float(post["ts"]), UTC),
            text=readable(words(post), names).strip(),
            files=files_of(post, self._settings.limits.files)[0],
        )

    def _fitting(self, posts: list[EarlierPost]) -> tuple[EarlierPost, ...]:
        """The newest, as far as an agent should be told of them at all."""
        room = self._settings.limits.text
        for number, post in enumerate(reversed(posts)):
            room -= len(post.text)
            if room < 0:
                return tuple(posts[len(posts) - number :])
        return tuple(posts)

    async def _in_view(self, posts: list[Json], us: str) -> str:
        """The channel's name, from our greeting; the empty string where there is none."""
        kept = (post.get("metadata") or {} for post in posts if post.get("user") == us)
        views = [found for metadata in kept if metadata.get("event_type") == VIEW and
                 (found := (metadata.get("event_payload") or {}).get("channel"))]  # fmt: skip
        if not views:
            return ""
        try:
            channel = told(await self._web.conversations_info(channel=views[-1]))["channel"]
        except AWAY:
            return f"the channel {views[-1]}"
        return f"the channel #{channel['name']}" if channel.get("name") else f"the channel {views[-1]}"


def _named(post: Json) -> tuple[str, ...]:
    return str(post["user"]), *unnamed(words(post))


def _as_ours(error: Exception) -> HistoryUnavailable | HistoryRefused:
    if isinstance(error, SlackLimited) or code(error) not in OPERATORS:
        return HistoryUnavailable(f"Slack does not hand out the thread: {code(error)}", retry_after(error))
    return HistoryRefused(f"Slack does not hand out the thread: {code(error)}")

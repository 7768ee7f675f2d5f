"""The post that a schedule's thread begins with (spec: lifecycle §14). Implements `airut.ports.openings`."""

from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.posts import SlackPost
from airut.adapters.slack.text.inline import escaped
from airut.adapters.slack.thread_posts import not_before
from airut.adapters.slack.web.answers import told
from airut.adapters.slack.web.failures import AWAY, PLACE_GONE, code, delivery_error
from airut.adapters.slack.web.pages import PAGE, pages
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.schedules.firing import Opening
from airut.models.threads.message import SlackRoute
from airut.ports.slack import SlackAway, SlackBot, SlackDirectory, SlackHistory

FOOTER = "A scheduled task. The answer comes in this thread."
INVITE = "invite the app there (/invite), and run the schedule again"


class SlackOpenings:
    def __init__(self, web: AsyncWebClient, directory: SlackDirectory, history: SlackHistory) -> None:
        self._web = web
        self._directory = directory
        self._history = history

    async def open(self, opening: Opening) -> SlackRoute:
        words = f"*{escaped(opening.subject)}*"
        post = SlackPost(key=opening.key, text=opening.subject, sections=(words,), footer=FOOTER)
        try:
            bot = await self._directory.bot()
            channel = await self._place(opening.place)
            ts = await self._found(post, bot, channel, opening.begun) or await self._posted(post, channel)
        except SlackAway as error:
            raise DeliveryDeferred(f"Slack did not take the post: {error}", error.after) from None
        except AWAY as error:
            if (why := code(error)) in PLACE_GONE:
                raise DeliveryRefused(
                    f"nothing can be posted in {opening.place}: {PLACE_GONE[why]}; {INVITE}"
                ) from None
            raise delivery_error(error) from None
        return SlackRoute(team=bot.team, channel=channel, thread_ts=ts, ts=ts, user=bot.user, opens=True)

    async def _place(self, place: str) -> str:
        if not place.startswith("#"):
            return place
        name = place.removeprefix("#").lower()
        found = next((each.id for each in await self._history.places() if each.name == name), None)
        if found is None:
            raise DeliveryRefused(f"the app is in no channel {place}: {INVITE}")
        return found

    async def _found(self, post: SlackPost, bot: SlackBot, channel: str, begun: datetime) -> str | None:
        """Where an earlier try has posted it."""
        read = self._web.conversations_history
        oldest = not_before(begun)
        async for page in pages(read, channel=channel, oldest=oldest, limit=PAGE, include_all_metadata=True):
            for message in page["messages"]:
                if message.get("user") == bot.user and post.is_at(message):
                    return str(message["ts"])
        return None

    async def _posted(self, post: SlackPost, channel: str) -> str:
        said = told(
            await self._web.chat_postMessage(
                channel=channel, text=post.text, blocks=post.blocks(), metadata=post.metadata()
            )
        )
        return str(said["ts"])

"""Whatever is pressed in Slack (spec: slack §9): who may, what it does, and what whoever pressed is told.

Slack shows a failure where a press is not acknowledged within three seconds, and delivers none again. So each is
acknowledged in time, whatever has come of it; what was not taken is said, where nobody else sees it.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp

from airut.models.base import Model
from airut.models.slack_settings import SlackChannel
from airut.ports.slack import SlackAway, SlackBot, SlackDirectory
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused
from signals.slack.authorization import Verdict, judge
from signals.slack.presses import Press, author_of, read_press

logger = logging.getLogger(__name__)

LISTENER_LIMIT = 2.5
"""Seconds. Slack waits three for an acknowledgement."""
NOT_TAKEN = "Not taken, since I cannot reach what I need for it. Press again in a moment."
ENDED = "This conversation has ended; write into its thread to begin it again."

Ack = Callable[..., Awaitable[object]]


class Whisper(Protocol):
    async def whisper(self, channel: str, user: str, text: str, thread: str | None = None) -> None:
        """Tell one person something that nobody else sees. Raises nothing of Slack's."""
        ...


class Carried(Model):
    """What whoever pressed is told: `said`, or what `later` finds out once the press is acknowledged."""

    said: str = ""
    later: Callable[[], Coroutine[None, None, str]] | None = None


class Carry(Protocol):
    """Do what a press means; None where it means nothing. Raises: as `ThreadControl`"""

    async def __call__(self, press: Press, author: str, bot: SlackBot) -> Carried | None: ...


class Refused(Exception):
    """The words are for whoever pressed; none are silence."""


class SlackClicks:
    """`carry` says what is done for which action ids; what else is pressed means nothing."""

    def __init__(
        self,
        repo: str,
        channel: SlackChannel,
        directory: SlackDirectory,
        feedback: Whisper,
        carry: Mapping[re.Pattern[str], Carry],
        limit: float = LISTENER_LIMIT,
    ) -> None:
        self._repo = repo
        self._channel = channel
        self._directory = directory
        self._feedback = feedback
        self._carry = carry
        self._limit = limit
        self._telling: set[asyncio.Task[None]] = set()

    def listen(self, app: AsyncApp) -> None:
        """Have Bolt's app hand over all presses."""
        app.action(re.compile(""))(self._on_action)

    async def _on_action(self, ack: Ack, body: Mapping[str, Any]) -> None:
        try:
            press = read_press(body)
        except LookupError:
            logger.info("a press outside of messages")
            await ack()
            return
        carried = await self._carried(press)
        await ack()
        if carried is not None:
            self._tell(press, carried)

    async def _carried(self, press: Press) -> Carried | None:
        carry = next((carry for action, carry in self._carry.items() if action.match(press.action_id)), None)
        if carry is None:
            return None
        try:
            async with asyncio.timeout(self._limit):
                bot = await self._directory.bot()
                if not press.is_ours(bot):
                    logger.warning("a press in somebody else's message: %s in %s", press.action_id, press.channel)
                    return None
                author = await self.admitted(press.user, bot)
                return await carry(press, author, bot)
        except (Refused, ThreadRefused) as error:
            return Carried(said=str(error))
        except ThreadGone:
            return Carried(said=ENDED)
        except (SlackAway, ThreadAway, TimeoutError) as error:
            logger.info("a press was not taken: %s %s", type(error).__name__, error)
        except Exception:  # a fault of ours must not look like Slack's
            logger.exception("a press was not taken: %s", press.action_id)
        return Carried(said=NOT_TAKEN)

    async def admitted(self, user: str, bot: SlackBot) -> str:
        """Who presses, by the rules of this moment.

        Raises:
            Refused: this person may not.
            SlackAway: nobody knows at present.
        """
        verdict = await judge(user, bot.team, self._channel.authorized, self._directory)
        person = await self._directory.person(user)
        if verdict is Verdict.ALLOWED and person is not None:
            return author_of(person)
        logger.info("rejected: a press by %s, %s", user, verdict)
        if verdict is Verdict.NOT_LISTED and self._channel.reject_reply == "ephemeral":
            listed = f"those who may give tasks for `{self._repo}`"
            raise Refused(f"You are not on the list of {listed}; ask whoever runs Airut here.")
        raise Refused("")

    def _tell(self, press: Press, carried: Carried) -> None:
        """Once the press is acknowledged."""

        async def telling() -> None:
            said = await carried.later() if carried.later else carried.said
            if said:
                await self._feedback.whisper(press.channel, press.user, said, press.thread_ts)

        task = asyncio.create_task(telling())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

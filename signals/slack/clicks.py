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
from airut.models.slack.question_place import ANSWERS, MODAL
from airut.models.slack.settings import SlackChannel
from airut.models.slack.thread_button import ACTION as BUTTON
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.ports.audit import AuditTrail, LogTrail, note
from airut.ports.slack import SlackAway, SlackBot, SlackDirectory
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused
from signals.slack.authorization import Verdict, judge, not_listed
from signals.slack.presses import Press, author_of, read_press
from signals.slack.submissions import Sent, read_sent

logger = logging.getLogger(__name__)

LISTENER_LIMIT = 2.5
"""Seconds. Slack waits three for an acknowledgement."""
NOT_TAKEN = "Not taken, since I cannot reach what I need for it. Press again in a moment."
NOT_SENT = "Not taken, since I cannot reach what I need for it. Send it again in a moment."
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


class Answering(Carry, Protocol):
    """What forms need besides."""

    async def first(self, press: Press) -> bool:
        """Do what cannot wait, and is open to everybody; False where that is nothing. Raises: SlackAway"""
        ...

    async def sent(self, sent: Sent, author: str, bot: SlackBot) -> None:
        """Take in a form. Raises: as `ThreadControl`"""
        ...


class Refused(Exception):
    """The words are for whoever pressed; none are silence."""


class SlackClicks:
    """`buttons` stand beside tasks, `answers` in questions; what else is pressed means nothing."""

    def __init__(
        self,
        repo: str,
        channel: SlackChannel,
        directory: SlackDirectory,
        feedback: Whisper,
        buttons: Carry,
        answers: Answering,
        limit: float = LISTENER_LIMIT,
        audit: AuditTrail | None = None,
    ) -> None:
        self._repo = repo
        self._channel = channel
        self._directory = directory
        self._feedback = feedback
        self._buttons = buttons
        self._answers = answers
        self._limit = limit
        self._audit = audit or LogTrail()
        self._telling: set[asyncio.Task[None]] = set()

    def listen(self, app: AsyncApp) -> None:
        """Have Bolt's app hand over all presses."""
        app.action(re.compile(""))(self._on_action)
        app.view(MODAL)(self._on_sent)

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

    async def _on_sent(self, ack: Ack, body: Mapping[str, Any]) -> None:
        """What is not taken is said in the form, so that nobody writes it twice."""
        try:
            sent = read_sent(body)
        except LookupError:
            logger.info("another form")
            await ack()
            return
        if sent.missing:
            await ack(response_action="errors", errors=dict.fromkeys(sent.missing, "Choose something, or say it here."))
            return

        async def taken() -> Carried:
            bot = await self._directory.bot()
            await self._answers.sent(sent, await self._admitted(sent.user, sent.home, bot), bot)
            return Carried()

        carried = await self._in_time(taken(), MODAL, NOT_SENT)
        if carried is not None and carried.said:
            await ack(response_action="errors", errors={sent.form.place.own(0): carried.said})
        else:
            await ack()

    async def _carried(self, press: Press) -> Carried | None:
        if ANSWERS.match(press.action_id):
            carry: Carry = self._answers
        elif BUTTON.match(press.action_id):
            carry = self._buttons
        else:
            return None

        async def taken() -> Carried | None:
            if carry is self._answers and await self._answers.first(press):
                return None
            bot = await self._directory.bot()
            if not press.is_ours(bot):
                logger.warning("a press in somebody else's message: %s in %s", press.action_id, press.channel)
                return None
            return await carry(press, await self._admitted(press.user, press.home, bot), bot)

        return await self._in_time(taken(), press.action_id, NOT_TAKEN)

    async def _in_time(self, taken: Awaitable[Carried | None], what: str, not_taken: str) -> Carried | None:
        """Whatever comes of it, before Slack shows a failure."""
        try:
            async with asyncio.timeout(self._limit):
                return await taken
        except (Refused, ThreadRefused) as error:
            return Carried(said=str(error))
        except ThreadGone:
            return Carried(said=ENDED)
        except (SlackAway, ThreadAway, TimeoutError) as error:
            logger.info("%s was not taken: %s %s", what, type(error).__name__, error)
        except Exception:  # a fault of ours must not look like Slack's
            logger.exception("%s was not taken", what)
        return Carried(said=not_taken)

    async def _admitted(self, user: str, home: str | None, bot: SlackBot) -> str:
        """Who presses, by the rules of this moment. `home` is the workspace that Slack says the person is of.

        Raises:
            Refused: this person may not.
            SlackAway: nobody knows at present.
        """
        verdict = await judge(user, bot.team, self._channel.authorized, self._directory, home)
        person = await self._directory.person(user)
        if verdict is Verdict.ALLOWED and person is not None:
            return author_of(person)
        refused = AuditEvent(
            actor=user,
            action=AuditAction.COMMAND_REFUSED,
            object=f"{self._repo}/slack",
            detail={"reason": str(verdict)},
        )
        await note(self._audit, refused)
        if verdict is Verdict.NOT_LISTED and self._channel.reject_reply == "ephemeral":
            raise Refused(not_listed(self._repo, self._channel))
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

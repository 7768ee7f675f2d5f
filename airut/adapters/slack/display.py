"""What a thread shows of its open task: its message, reactions on what was asked, and in direct messages a status
(spec: slack §7, §8). Implements `airut.ports.display`."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.assistant import SlackAssistant
from airut.adapters.slack.marks import SlackMarks
from airut.adapters.slack.posts import has_key, metadata
from airut.adapters.slack.progress_blocks import ProgressMessage, progress_message
from airut.adapters.slack.thread_posts import posted_since
from airut.adapters.slack.web.answers import told
from airut.adapters.slack.web.failures import AWAY, code, passes, retry_after
from airut.errors import DeliveryDeferred
from airut.models.slack.settings import SlackChannel
from airut.models.slack.update_share import UpdateShare
from airut.models.tasks.page import task_page
from airut.models.tasks.progress import RunProgress, ShowOrder
from airut.models.tasks.shown import Shown, ShownState
from airut.models.tasks.terms import TaskTerms
from airut.models.threads.message import Hints, SlackRoute
from airut.ports.slack import SlackAway, SlackDirectory

REMEMBERED = 1000
"""Messages whose looks are known: more than tasks that are open at once."""
SHORTLY = 30.0
"""Seconds after which what Slack limits without saying for how long is tried again."""

logger = logging.getLogger(__name__)


@dataclass
class _Message:
    """What this process knows of a task's message. Changes of it come one after another, in the order of their
    numbers."""

    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    number: int = -1
    looks: ProgressMessage | None = None


class SlackDisplay:
    """One for each app and process: its tasks share what Slack allows."""

    def __init__(
        self,
        web: AsyncWebClient,
        directory: SlackDirectory,
        settings: SlackChannel,
        terms: Callable[[Hints], TaskTerms | None],
        clock: Callable[[], float] = time.monotonic,
        dashboard: str | None = None,
    ) -> None:
        """`terms` are the rules for a task with these hints; `dashboard` is where people reach that."""
        self._web = web
        self._directory = directory
        self._settings = settings
        self._terms = terms
        self._clock = clock
        self._dashboard = dashboard
        self._share = UpdateShare()
        self._marks = SlackMarks(web, settings.reactions)
        self._assistant = SlackAssistant(web)
        self._messages: OrderedDict[str, _Message] = OrderedDict()

    @property
    def interval(self) -> float:
        return self._settings.progress_interval

    async def show(self, order: ShowOrder) -> Shown:
        routes = [route for route in order.routes if isinstance(route, SlackRoute)]
        if not routes:
            return order.shown
        shown, place = order.shown, routes[-1]
        if self._settings.progress and order.look.state is not ShownState.QUEUED:
            shown = await self._message_shown(order, place)
        marked = await self._marks.put(order)
        await self._assistant.show(order, place)
        if not marked:
            raise DeliveryDeferred("Slack did not take a reaction", SHORTLY)
        return shown

    async def update(self, order: ShowOrder, run: RunProgress) -> Shown:
        route, ts = order.routes[-1] if order.routes else None, order.shown.message
        if not isinstance(route, SlackRoute) or ts is None or order.shown.gone:
            return order.shown
        message = self._message(order.key)
        async with message.changing:
            if message.number > order.number:
                return order.shown
            message.number = order.number
            self._share.join(order.key)
            looks = self._looks(order, run)
            if looks == message.looks or self._share.wait_of(order.key, self._clock(), self.interval) > 0:
                return order.shown
            try:
                return await self._changed(order, route, ts, message, looks)
            except DeliveryDeferred as error:
                logger.debug("an update is dropped: %s", error)
                return order.shown

    def leave(self, order: ShowOrder) -> None:
        self._share.leave(order.key)

    async def _message_shown(self, order: ShowOrder, route: SlackRoute) -> Shown:
        message = self._message(order.key)
        async with message.changing:
            if message.number > order.number or order.shown.gone:
                return order.shown
            message.number = order.number
            looks = self._looks(order, RunProgress())
            ts = order.shown.message or await self._found(order, route)
            if ts is not None:
                if looks == message.looks:
                    return _standing(order, ts)
                if (wait := self._share.wait(self._clock())) > 0:
                    raise DeliveryDeferred("so many messages have been changed that this one has to wait", wait)
                return await self._changed(order, route, ts, message, looks)
            if order.look.state is ShownState.CLOSED:  # the answer stands there already
                return order.shown
            return await self._posted(order, route, message, looks)

    async def _found(self, order: ShowOrder, route: SlackRoute) -> str | None:
        """Where an earlier try has posted it."""
        try:
            there = await posted_since(self._web, self._directory, route.channel, route.thread_ts, order.begun)
        except AWAY as error:
            raise _deferred(error) from None
        except SlackAway as error:
            raise DeliveryDeferred(f"Slack does not say who we are: {error}") from None
        return next((str(post["ts"]) for post in there if has_key(post, order.key)), None)

    async def _posted(self, order: ShowOrder, route: SlackRoute, message: _Message, looks: ProgressMessage) -> Shown:
        try:
            said = told(
                await self._web.chat_postMessage(
                    channel=route.channel,
                    thread_ts=route.thread_ts,
                    text=looks.text,
                    blocks=looks.blocks,
                    metadata=metadata(order.key),
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )
        except AWAY as error:
            if passes(error):
                raise _deferred(error) from None
            logger.warning("%s shows no progress: %s", order.task_id, code(error))
            return order.shown
        message.looks = looks
        return _standing(order, str(said["ts"]))

    async def _changed(
        self, order: ShowOrder, route: SlackRoute, ts: str, message: _Message, looks: ProgressMessage
    ) -> Shown:
        now = self._clock()
        self._share.take(order.key, now)
        try:
            await self._web.chat_update(
                channel=route.channel, ts=ts, text=looks.text, blocks=looks.blocks, metadata=metadata(order.key)
            )
        except AWAY as error:
            if code(error) == "message_not_found":
                return _standing(order, ts, gone=True)
            if passes(error):
                self._share.close(now + (retry_after(error) or 0.0))
                raise _deferred(error) from None
            logger.warning("%s shows no more progress: %s", order.task_id, code(error))
            return _standing(order, ts, gone=True)
        message.looks = looks
        return _standing(order, ts)

    def _looks(self, order: ShowOrder, run: RunProgress) -> ProgressMessage:
        terms = self._terms(order.hints) if order.task == 1 else None
        page = task_page(self._dashboard, order.thread, order.task)
        return progress_message(order, run, datetime.now(UTC), terms.words() if terms else "", page)

    def _message(self, key: str) -> _Message:
        message = self._messages.setdefault(key, _Message())
        self._messages.move_to_end(key)
        while len(self._messages) > REMEMBERED:
            self._messages.popitem(last=False)
        return message


def _standing(order: ShowOrder, ts: str, *, gone: bool = False) -> Shown:
    return Shown(message=ts, state=order.look.state, follows=not gone, gone=gone)


def _deferred(error: Exception) -> DeliveryDeferred:
    return DeliveryDeferred(f"Slack did not show the progress: {code(error)}", retry_after(error))

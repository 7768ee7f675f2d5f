"""From a Slack app's socket to its threads (spec: slack §2): slack-bolt's app with its listeners.

An event is acknowledged only after Temporal has it: Bolt acknowledges once a listener has returned, since the app is
made with `process_before_response`. Whatever is raised before leaves it unacknowledged, and Slack delivers it again.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from slack_bolt.async_app import AsyncApp

from airut.models.base import Model
from airut.ports.slack import SlackAway
from signals.slack.backfill import Handle, SlackBackfill
from signals.slack.link import SlackLink
from signals.slack.names import SlackNames
from signals.status import ListenerState, ListenerStatus

logger = logging.getLogger(__name__)

LISTENER_LIMIT = 2.5
"""Seconds. Slack waits three for an acknowledgement."""


class Delays(Model):
    """Seconds."""

    retry: float = 30.0
    """Until what could not be read or handed over is tried again."""
    unfit: float = 300.0
    """Until names are looked up again that nobody in the workspace had: somebody may have mended them there."""
    refused: float = 300.0
    """At most, where Slack says or the app has to be mended."""
    hourly: float = 3600.0
    """Until everything is read again without a reason: an event may be lost without a trace."""


class SlackIntake:
    """`app` is Bolt's, made with `process_before_response`, and `link` dispatches to it; `handle` is what an event goes
    through."""

    def __init__(
        self,
        app: AsyncApp,
        link: SlackLink,
        handle: Handle,
        backfill: SlackBackfill,
        names: SlackNames,
        delays: Delays | None = None,
    ) -> None:
        self._link = link
        self._handle = handle
        self._backfill = backfill
        self._names = names
        self._delays = delays or Delays()
        self._missed = asyncio.Event()
        """Something may have been missed: everything since the last time is to be read again."""
        self._trouble: ListenerStatus | None = None
        """Why that cannot be done."""
        app.event(re.compile("^(message|app_mention)$"))(self._on_message)
        app.event(re.compile("."))(_ignore)

    @property
    def status(self) -> ListenerStatus:
        """Always current. A connected app may be degraded by its token, its scopes or Temporal."""
        link = self._link.status
        return link if self._trouble is None or link.state is ListenerState.DEGRADED else self._trouble

    async def run(self) -> None:
        """Listen until cancelled."""
        await self._names_are_right()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run(self._missed.set))
            await self._read_what_was_missed()

    async def _names_are_right(self) -> None:
        """Nobody is listened to by rules that mean somebody who is not there."""
        while True:
            try:
                faults, wait = await self._names.faults(), self._delays.unfit
            except SlackAway as error:
                faults, wait = (f"the names in its configuration cannot be looked up: {error}",), self._wait(error)
            if not faults:
                self._trouble = None
                return
            for fault in faults:
                logger.error("not listening: %s; next look in %.0f s", fault, wait)
            now = datetime.now(UTC)
            before = self._trouble or self._link.status
            self._trouble = before.degraded("; ".join(faults), now + timedelta(seconds=wait), now)
            await asyncio.sleep(wait)

    async def _read_what_was_missed(self) -> NoReturn:
        wait = self._delays.hourly
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._missed.wait(), wait)
            self._missed.clear()
            try:
                await self._backfill.run(self._handle)
                wait, self._trouble = self._delays.hourly, None
            except Exception as error:  # nothing of it is lost: it is read again
                wait = self._wait(error)
                self._degrade(f"{type(error).__name__}: {error}", wait)

    def _wait(self, error: Exception) -> float:
        """Until it may work: where somebody has to mend the app first, or Slack names a time, not sooner."""
        after = error.after if isinstance(error, SlackAway) else None
        return max(self._delays.retry, min(after or 0.0, self._delays.refused))

    def _degrade(self, reason: str, wait: float) -> None:
        logger.warning("what was written meanwhile cannot be read yet: %s; next try in %.0f s", reason, wait)
        now = datetime.now(UTC)
        before = self._trouble or self._link.status
        self._trouble = before.degraded(reason, now + timedelta(seconds=wait), now)

    async def drain(self) -> None:
        """Take no further event in hand; return when those that were are handed over. Then cancel `run`."""
        await self._link.drain()

    async def _on_message(self, event: Mapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(LISTENER_LIMIT):
                await self._handle(event)
        except BaseException:
            asyncio.get_running_loop().call_later(self._delays.retry, self._missed.set)
            raise


async def _ignore() -> None:
    """Events that the app may be subscribed to and that mean nothing here are acknowledged all the same."""

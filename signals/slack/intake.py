"""From a Slack app's socket to its threads (spec: slack §2): slack-bolt's app with its listeners.

An event is acknowledged only after Temporal has it: Bolt acknowledges once a listener has returned, since the app is
made with `process_before_response`. Whatever is raised before leaves it unacknowledged, and Slack delivers it again.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from airut.models.base import Model
from signals.slack.backfill import Handle, SlackBackfill

logger = logging.getLogger(__name__)

LISTENER_LIMIT = 2.5
"""Seconds. Slack waits three for an acknowledgement."""


class Delays(Model):
    """Seconds."""

    retry: float = 30.0
    """Until what could not be read or handed over is tried again."""
    hourly: float = 3600.0
    """Until everything is read again without a reason: an event may be lost without a trace."""


class SlackIntake:
    """`app` is Bolt's, made with `process_before_response`; `connect` makes its socket; `handle` is what an event goes
    through."""

    def __init__(
        self,
        app: AsyncApp,
        connect: Callable[[AsyncApp], AsyncSocketModeHandler],
        handle: Handle,
        backfill: SlackBackfill,
        delays: Delays | None = None,
    ) -> None:
        self._app = app
        self._connect = connect
        self._handle = handle
        self._backfill = backfill
        self._delays = delays or Delays()
        self._missed = asyncio.Event()
        """Something may have been missed: everything since the last time is to be read again."""
        self._handling = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False
        app.event(re.compile("^(message|app_mention)$"))(self._on_message)
        app.event(re.compile("."))(_ignore)

    async def run(self) -> None:
        """Listen until cancelled."""
        handler = self._connect(self._app)
        handler.client.message_listeners.append(self._on_socket)
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]
            await self._read_what_was_missed()
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _on_socket(self, _: object, message: Mapping[str, Any], __: object) -> None:
        if message.get("type") == "hello":
            self._missed.set()

    async def _read_what_was_missed(self) -> NoReturn:
        wait = self._delays.hourly
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._missed.wait(), wait)
            self._missed.clear()
            try:
                await self._backfill.run(self._handle)
                wait = self._delays.hourly
            except Exception as error:  # nothing of it is lost: it is read again
                logger.warning("what was written meanwhile cannot be read yet: %s: %s", type(error).__name__, error)
                wait = self._delays.retry

    async def drain(self) -> None:
        """Take no further event in hand; return when those that were are handed over. Then cancel `run`."""
        self._closing = True
        await self._idle.wait()

    async def _on_message(self, event: Mapping[str, Any]) -> None:
        if self._closing:
            raise _Closing  # unacknowledged: it comes again, to whoever listens then
        self._handling += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(LISTENER_LIMIT):
                await self._handle(event)
        except BaseException:
            asyncio.get_running_loop().call_later(self._delays.retry, self._missed.set)
            raise
        finally:
            self._handling -= 1
            if not self._handling:
                self._idle.set()


class _Closing(Exception):
    """This process is about to end."""


async def _ignore() -> None:
    """Events that the app may be subscribed to and that mean nothing here are acknowledged all the same."""

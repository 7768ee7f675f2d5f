"""From a Slack app's socket to its threads (spec: slack §2): slack-bolt's app with its listeners.

An event is acknowledged only after Temporal has it: Bolt acknowledges once a listener has returned, since the app is
made with `process_before_response`. Whatever is raised before leaves it unacknowledged, and Slack delivers it again.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, Protocol

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from airut.models.base import Model
from airut.models.command import Submission, ThreadCommand
from airut.models.redaction import Redactor
from airut.ports.blobs import BlobStore
from airut.ports.slack import SlackBot, SlackDirectory
from airut.ports.texts import store
from signals.slack.backfill import SlackBackfill
from signals.slack.events import Dropped, Edit, Post, read
from signals.slack.gate import SlackGate, opens
from signals.slack.message import referred, submission

logger = logging.getLogger(__name__)

LISTENER_LIMIT = 2.5
"""Seconds. Slack waits three for an acknowledgement."""


class Submit(Protocol):
    """Returns when Temporal has the message, or knows no open thread for one that must not open any.

    Raises: as `signals.mail.intake.Submit`.
    """

    async def __call__(self, accepted: Submission, *, opens: bool) -> bool: ...


class Delays(Model):
    """Seconds."""

    retry: float = 30.0
    """Until what could not be read or handed over is tried again."""
    hourly: float = 3600.0
    """Until everything is read again without a reason: an event may be lost without a trace."""


class SlackIntake:
    """`app` is Bolt's, made with `process_before_response`; `connect` makes its socket."""

    def __init__(
        self,
        repo: str,
        app: AsyncApp,
        connect: Callable[[AsyncApp], AsyncSocketModeHandler],
        directory: SlackDirectory,
        gate: SlackGate,
        submit: Submit,
        blobs: BlobStore,
        backfill: SlackBackfill,
        delays: Delays | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        """What `redactor` knows is taken out of posts: nobody's agent may have it, and Temporal takes no secret."""
        self._repo = repo
        self._app = app
        self._connect = connect
        self._directory = directory
        self._gate = gate
        self._submit = submit
        self._blobs = blobs
        self._backfill = backfill
        self._delays = delays or Delays()
        self._redactor = redactor or Redactor()
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

    async def _handle(self, event: Mapping[str, Any]) -> None:
        bot = await self._directory.bot()
        found = read(event, bot)
        if isinstance(found, Dropped):
            logger.debug("dropped: %s", found.reason)
        elif isinstance(found, Edit):
            logger.debug("edits are not taken")
        else:
            await self._hand_over(found, bot)

    async def _hand_over(self, post: Post, bot: SlackBot) -> None:
        if not await self._gate.admits(post, bot):
            return
        names = await self._directory.names(referred(post))
        made = submission(post, self._repo, bot, names, datetime.now(UTC), self._gate.most_files)
        accepted = await self._stored(made)
        if await self._submit(accepted, opens=opens(post)):
            self._gate.accepted(post)
        else:
            logger.debug("dropped: no thread of ours")

    async def _stored(self, accepted: Submission) -> Submission:
        """A long text is kept beside the history, and no text holds a secret."""
        if isinstance(accepted, ThreadCommand):
            return accepted
        text = self._redactor.text(accepted.text.inline or "")
        subject = self._redactor.text(accepted.subject)
        return accepted.model_copy(update={"text": await store(self._blobs, text), "subject": subject})


class _Closing(Exception):
    """This process is about to end."""


async def _ignore() -> None:
    """Events that the app may be subscribed to and that mean nothing here are acknowledged all the same."""

"""From one event to its thread (spec: slack §3, §6): whoever calls this may acknowledge the event when it returns."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from airut.models.credentials.redaction import Redactor
from airut.models.slack.thread import slack_thread
from airut.models.threads.amendment import Amendment
from airut.models.threads.command import Submission, ThreadCommand
from airut.models.threads.message import RemoteFile
from airut.ports.blobs import BlobStore
from airut.ports.slack import SlackBot, SlackDirectory
from airut.ports.texts import store
from signals.slack.events import Dropped, Edit, Post, read
from signals.slack.gate import SlackGate, opens
from signals.slack.message import message_key, referred, submission

logger = logging.getLogger(__name__)

EDIT_TRIES = (3.0, 7.0)
"""Seconds until a change is tried again whose thread is not there yet: its message may be under way."""

MEETING = (0.2, 0.5, 0.8)
"""Seconds between tries to hand over what may follow a mention that is in hand just now: less than Slack waits."""
CLOSELY = 30.0
"""Seconds between two posts, and from the later one until now, in which that may be so."""


class SlackThreads(Protocol):
    """Each returns when Temporal has it, or knows no open thread for what must not open any.

    Raises: as `signals.mail.intake.Submit`.
    """

    async def submit(self, accepted: Submission, *, opens: bool) -> bool: ...

    async def amend(self, amendment: Amendment) -> bool: ...

    async def overheard(self, thread: str, at: float) -> None: ...


class SlackHandover:
    def __init__(
        self,
        repo: str,
        directory: SlackDirectory,
        gate: SlackGate,
        threads: SlackThreads,
        blobs: BlobStore,
        redactor: Redactor | None = None,
        edit_tries: tuple[float, ...] = EDIT_TRIES,
    ) -> None:
        """What `redactor` knows is taken out of posts: nobody's agent may have it, and Temporal takes no secret."""
        self._repo = repo
        self._directory = directory
        self._gate = gate
        self._threads = threads
        self._blobs = blobs
        self._redactor = redactor or Redactor()
        self._edit_tries = edit_tries
        self._trying: set[asyncio.Task[None]] = set()

    async def __call__(self, event: Mapping[str, Any]) -> None:
        """
        Raises:
            SlackAway, RPCError, OSError, NoSpace: not now.
        """
        bot = await self._directory.bot()
        found = read(event, bot)
        if isinstance(found, Dropped):
            logger.debug("dropped: %s", found.reason)
        elif isinstance(found, Edit):
            await self._amend(found, bot)
        elif self._gate.overhears(found, bot.user):
            thread = slack_thread(self._repo, bot.team, found.channel, found.thread_ts)
            await self._threads.overheard(thread, float(found.ts))
        elif await self._gate.admits(found, bot):
            await self._submit(found, await self._made(found, bot), opens=opens(found))

    async def _submit(self, post: Post, accepted: Submission, *, opens: bool) -> None:
        taken = await self._threads.submit(accepted, opens=opens)
        for wait in MEETING if _follows_closely(post) else ():
            if not taken:
                await asyncio.sleep(wait)
                taken = await self._threads.submit(accepted, opens=opens)
        if taken:
            self._gate.accepted(post)
        else:
            logger.debug("dropped: no thread of ours")

    async def _made(self, post: Post, bot: SlackBot) -> Submission:
        names = await self._directory.names(referred(post))
        return await self._stored(submission(post, self._repo, bot, names, datetime.now(UTC), self._gate.limits))

    async def _stored(self, accepted: Submission) -> Submission:
        """A long text is kept beside the history, and no text holds a secret."""
        if isinstance(accepted, ThreadCommand):
            return accepted
        hidden = self._redactor.text
        text = await store(self._blobs, hidden(accepted.text.inline or ""))
        files = tuple(self._without_secrets(file) for file in accepted.files)
        notes = tuple(map(hidden, accepted.notes))
        return accepted.model_copy(
            update={"text": text, "subject": hidden(accepted.subject), "files": files, "notes": notes}
        )

    def _without_secrets(self, file: RemoteFile) -> RemoteFile:
        """Its address, which Slack makes from its name, can be asked for again."""
        url = "" if self._redactor.holds(file.url.encode()) else file.url
        return file.model_copy(update={"name": self._redactor.text(file.name), "url": url})

    async def _amend(self, edit: Edit, bot: SlackBot) -> None:
        """A change goes to the thread that is there. One that first speaks to us may open it."""
        post = edit.post
        if post is not None and not await self._gate.lets_change(post, bot):
            return
        becomes = None if post is None else await self._made(post, bot)
        amendment = self._amendment(edit, bot, becomes)
        if await self._threads.amend(amendment):
            return
        if post is not None and becomes is not None and edit.calls_us:
            await self._submit(post, becomes, opens=True)
            return
        task = asyncio.create_task(self._try_again(amendment))
        self._trying.add(task)
        task.add_done_callback(self._trying.discard)

    def _amendment(self, edit: Edit, bot: SlackBot, becomes: Submission | None) -> Amendment:
        target = message_key(bot.team, edit.channel, edit.ts)
        return Amendment(
            key=hashlib.sha256(f"{target}/{edit.edited_ts}".encode()).hexdigest(),
            target=target,
            thread=slack_thread(self._repo, bot.team, edit.channel, edit.thread_ts),
            at=float(edit.edited_ts),
            becomes=becomes,
            begins=edit.calls_us,
        )

    async def _try_again(self, amendment: Amendment) -> None:
        """After the event is acknowledged. Where it is lost, reading back sees the message as it stands."""
        for wait in self._edit_tries:
            await asyncio.sleep(wait)
            try:
                if await self._threads.amend(amendment):
                    return
            except Exception as error:  # it may be the last try, and nobody waits for it
                logger.warning("a change of a message is not handed over: %s", type(error).__name__)
        logger.debug("a change of a message that is in no thread of ours")


def _follows_closely(post: Post) -> bool:
    """The thread may have been begun a moment ago, and both posts be under way."""
    written = float(post.ts)
    return not post.begins and written - float(post.thread_ts) < CLOSELY and time.time() - written < CLOSELY

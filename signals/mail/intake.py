"""From a mailbox to its threads: one asyncio task a mailbox, which ends only when it is cancelled (spec: email §2).

A mail is touched on the server only after `submit` has returned. Whatever happens before, it is seen again, under the
same key, by which its thread knows it.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from temporalio.service import RPCError

from airut.errors import NoSpace
from airut.models.base import Model
from airut.models.command import Submission
from airut.models.mail_settings import EmailChannel
from airut.models.redaction import Redactor
from airut.ports.blobs import BlobStore
from airut.ports.mailbox import (
    Disposition,
    FetchedMail,
    Mailbox,
    MailboxError,
    MailboxRefused,
    MailNotSettled,
    OpenMailbox,
)
from signals.mail.decision import Accept, Discard, Later, decide, header_or_empty
from signals.mail.dns import TxtResolver
from signals.mail.message import submission, without_secrets
from signals.mail.status import Audit, MailAudit, MailboxState, MailboxStatus, log_audit

logger = logging.getLogger(__name__)

Submit = Callable[[Submission], Awaitable[None]]
"""Signal-with-start. Returns when Temporal has the message or command.

Raises:
    RPCError, OSError, NoSpace: Temporal cannot be reached or cannot take messages now, so that every mail has to wait.
    SubmitRefused: it will never take this one. Whatever else is raised is taken for the same: this mail's own failure.
"""
_AWAY = (RPCError, OSError, NoSpace)
"""TimeoutError and ConnectionError are OSErrors; NoSpace, since a large message's history refers to a file."""

TRIES = 3
"""A mail whose handling fails so often is put aside: once may be chance, three times is the mail."""


class SubmitRefused(Exception):
    """Temporal refuses this message for its own sake; trying again does not help."""


class Delays(Model):
    """Seconds. Reconnecting doubles from `reconnect` to `reconnect_most`, after a refused login from `refused`;
    handing over doubles from `submit` to `submit_most`."""

    reconnect: float = 1.0
    reconnect_most: float = 300.0
    refused: float = 60.0
    stable: float = 60.0
    """Connected so long, the next loss starts anew at `reconnect`."""
    submit: float = 1.0
    submit_most: float = 60.0
    retry: float = 60.0
    """Until a mail that DNS or the server held up is looked at again."""


class _Blocked(Exception):
    """Nothing can be handed over at present: the reason for the status."""


class MailIntake:
    """Call `run` as a task of its own; cancel it to stop. `status` is always current."""

    def __init__(
        self,
        repo: str,
        channel: EmailChannel,
        open_mailbox: OpenMailbox,
        submit: Submit,
        blobs: BlobStore,
        resolver: TxtResolver,
        audit: Audit | None = None,
        delays: Delays | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        """What `redactor` knows is taken out of mails: nobody's agent may have it, and Temporal takes no secret."""
        self._redactor = redactor or Redactor()
        self._repo = repo
        self._channel = channel
        self._open_mailbox = open_mailbox
        self._submit = submit
        self._blobs = blobs
        self._resolver = resolver
        self._audit = audit or log_audit
        self._delays = delays or Delays()
        self._uid_validity: int | None = None
        self._settling: dict[int, Disposition] = {}
        self._failures: dict[int, int] = {}
        self._hand = asyncio.Lock()
        self._closing = False
        self.status = MailboxStatus(state=MailboxState.CONNECTING, since=_now())

    async def run(self) -> None:
        """Connect, serve, and after any failure connect again. Never returns."""
        delay = self._delays.reconnect
        while True:
            started = asyncio.get_running_loop().time()
            reason, refused = await self._connection()
            if asyncio.get_running_loop().time() - started >= self._delays.stable:
                delay = self._delays.reconnect
            if refused:
                delay = max(delay, self._delays.refused)
            wait = delay * random.uniform(0.8, 1.2)  # noqa: S311  # so that many mailboxes do not come back at once
            self._degrade(reason, wait)
            logger.warning("mailbox of %s: %s; next try in %.0f s", self._repo, reason, wait)
            await asyncio.sleep(wait)
            delay = min(delay * 2, self._delays.reconnect_most)

    async def drain(self) -> None:
        """Take no further mail in hand; return when the one that was is handed over and settled. Then cancel `run`."""
        self._closing = True
        async with self._hand:
            return

    async def _connection(self) -> tuple[str, bool]:
        """One connection from beginning to end. Returns why it ended, and whether the server refused us."""
        try:
            async with self._open_mailbox() as mailbox:
                await self._serve(mailbox)
        except MailboxRefused as error:
            return error.reason, True
        except MailboxError as error:
            return error.reason, False
        except Exception as error:  # process boundary: one mailbox's defect must not end its task
            logger.exception("intake of %s failed", self._repo)
            return f"{type(error).__name__}: {error}", False

    async def _serve(self, mailbox: Mailbox) -> NoReturn:
        """Search, handle, wait, for as long as the connection holds."""
        if mailbox.uid_validity != self._uid_validity:
            # RFC 9051 §2.3.1.1: what was remembered by UID means nothing any more.
            self._settling.clear()
            self._failures.clear()
            self._uid_validity = mailbox.uid_validity
        adopted = await mailbox.adopt(_now() - timedelta(seconds=self._channel.imap.first_run_max_age))
        if adopted:
            self.status = self.status.model_copy(update={"adopted": self.status.adopted + adopted})
        blocked_for = self._delays.submit
        while True:
            uids = await mailbox.search()
            try:
                handled, held = await self._handle_all(mailbox, uids)
            except _Blocked as error:
                self._degrade(str(error), blocked_for)
                await asyncio.sleep(blocked_for)
                blocked_for = min(blocked_for * 2, self._delays.submit_most)
                continue
            blocked_for = self._delays.submit
            if held:
                self._degrade(held, self._delays.retry)
            else:
                self._connected()
            if not handled:
                left_over = self._delays.retry if uids else self._channel.imap.rescan
                await mailbox.wait(min(left_over, self._channel.imap.rescan))

    async def _handle_all(self, mailbox: Mailbox, uids: tuple[int, ...]) -> tuple[int, str]:
        """Handle each mail, in the order of arrival. Returns how many are done with, and why others were held up.

        Raises:
            _Blocked: the rest has to wait too.
        """
        handled, held = 0, ""
        for uid in uids:
            async with self._hand:
                if self._closing:
                    break
                reason = await self._handle_one(mailbox, uid)
            handled += not reason
            held = held or reason
        return handled, held

    async def _handle_one(self, mailbox: Mailbox, uid: int) -> str:
        try:
            return await self._handle(mailbox, uid)
        except (MailboxError, _Blocked, asyncio.CancelledError):
            raise
        except MailNotSettled as error:
            return str(error)
        except Exception as error:  # boundary of one mail: the next one must not wait for it
            return await self._failed(mailbox, uid, error)

    async def _handle(self, mailbox: Mailbox, uid: int) -> str:
        """Hand one mail over and take it out of sight. Returns why it has to stay, or the empty string."""
        if uid not in self._settling:
            mail = await mailbox.fetch(uid, self._channel.limits.message)
            if mail is None:
                return ""
            decision = await decide(mail, self._repo, self._channel, self._resolver, _now())
            match decision:
                case Later(detail=detail):
                    return f"dns: {detail}"
                case Accept(draft=draft):
                    redacted = without_secrets(draft, self._redactor)
                    await self._hand_over(await self._stored(submission(redacted, self._repo, self._blobs)))
                    self._settling[uid] = Disposition.PROCESSED
                case Discard(disposition=disposition):
                    self._record(mail, decision)
                    self._settling[uid] = disposition
        await mailbox.settle(uid, self._settling[uid])
        del self._settling[uid]
        self._failures.pop(uid, None)
        return ""

    async def _stored(self, work: Awaitable[Submission]) -> Submission:
        try:
            return await work
        except (NoSpace, OSError) as error:
            raise _Blocked(f"blob store: {error}") from error

    async def _hand_over(self, accepted: Submission) -> None:
        try:
            await self._submit(accepted)
        except _AWAY as error:
            raise _Blocked(f"temporal: {error}") from error

    async def _failed(self, mailbox: Mailbox, uid: int, error: Exception) -> str:
        """Count a failed try; after the third put the mail aside. Returns why it stays, or the empty string."""
        self._failures[uid] = self._failures.get(uid, 0) + 1
        logger.warning("UID %d of %s, try %d", uid, self._repo, self._failures[uid], exc_info=error)
        if self._failures[uid] < TRIES:
            return f"UID {uid}: {type(error).__name__}"
        logger.error("UID %d of %s is put aside after %d tries", uid, self._repo, TRIES)
        self._settling[uid] = Disposition.FAILED
        placeholder = FetchedMail(uid=uid, size=0, internal_date=_now(), content=b"", whole=False)
        detail = f"{type(error).__name__}: {error}"[:500]
        self._record(placeholder, Discard(disposition=Disposition.FAILED, reason="poison", detail=detail))
        try:
            return await self._handle(mailbox, uid)
        except MailNotSettled as refused:
            return str(refused)

    def _record(self, mail: FetchedMail, discard: Discard) -> None:
        header = header_or_empty(mail)
        entry = MailAudit(
            repo=self._repo,
            uid=mail.uid,
            at=_now(),
            disposition=discard.disposition,
            reason=discard.reason,
            detail=discard.detail,
            message_id=(header.first("message-id") or "")[:200],
            sender=(header.first("from") or "")[:200],
            results=(header.first("authentication-results") or "")[:200],
        )
        self._audit(entry)

    def _connected(self) -> None:
        self.status = self.status.connected(_now())

    def _degrade(self, reason: str, wait: float) -> None:
        self.status = self.status.degraded(reason, _now() + timedelta(seconds=wait), _now())


def _now() -> datetime:
    return datetime.now(UTC)

"""From a mailbox to its threads: one asyncio task a mailbox, which ends only when it is cancelled (spec: email §2).

A mail is touched on the server only after `submit` has returned. Whatever happens before, it is seen again, under the
same key, by which its thread knows it.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from airut.models.base import Model
from airut.models.credentials.redaction import Redactor
from airut.models.mail.settings import EmailChannel
from airut.ports.audit import LogTrail
from airut.ports.blobs import BlobStore
from airut.ports.mailbox import Mailbox, MailboxError, MailboxRefused, OpenMailbox
from signals.backoff import Backoff
from signals.mail.dns import TxtResolver
from signals.mail.handling import Blocked, MailHandling, Report, Submit
from signals.mail.status import Audit, MailboxState, MailboxStatus, recorded_in

logger = logging.getLogger(__name__)


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


class MailIntake:
    """Call `run` as a task of its own; cancel it to stop. `status` is always current."""

    def __init__(
        self,
        repo: str,
        channel: EmailChannel,
        open_mailbox: OpenMailbox,
        submit: Submit,
        report: Report,
        blobs: BlobStore,
        resolver: TxtResolver,
        audit: Audit | None = None,
        delays: Delays | None = None,
        redactor: Redactor | None = None,
        neighbours: tuple[str, ...] = (),
    ) -> None:
        """What `redactor` knows is taken out of mails: nobody's agent may have it, and Temporal takes no secret.
        `neighbours` are the repositories beside this one."""
        self._repo = repo
        self._imap = channel.imap
        self._open_mailbox = open_mailbox
        audit = audit or recorded_in(LogTrail())
        self._handling = MailHandling(
            repo, channel, submit, report, blobs, resolver, audit, redactor or Redactor(), neighbours
        )
        self._delays = delays or Delays()
        self._uid_validity: int | None = None
        self._hand = asyncio.Lock()
        self._closing = False
        self.status = MailboxStatus(state=MailboxState.CONNECTING, since=_now())

    async def run(self) -> None:
        """Connect, serve, and after any failure connect again. Never returns."""
        delays = self._delays
        backoff = Backoff(delays.reconnect, delays.reconnect_most, delays.refused, delays.reconnect_most)
        while True:
            started = asyncio.get_running_loop().time()
            reason, refused = await self._connection()
            if asyncio.get_running_loop().time() - started >= delays.stable:
                backoff.reset()
            wait = backoff.next(refused=refused)
            self._degrade(reason, wait)
            logger.warning("mailbox of %s: %s; next try in %.0f s", self._repo, reason, wait)
            await asyncio.sleep(wait)

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
            self._handling.forget()
            self._uid_validity = mailbox.uid_validity
        adopted = await mailbox.adopt(_now() - timedelta(seconds=self._imap.first_run_max_age))
        if adopted:
            self.status = self.status.model_copy(update={"adopted": self.status.adopted + adopted})
        await self._handling.recall(mailbox)
        blocked_for = self._delays.submit
        while True:
            uids = await mailbox.search()
            try:
                handled, held = await self._handle_all(mailbox, uids)
            except Blocked as error:
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
                left_over = self._delays.retry if uids else self._imap.rescan
                await mailbox.wait(min(left_over, self._imap.rescan))

    async def _handle_all(self, mailbox: Mailbox, uids: tuple[int, ...]) -> tuple[int, str]:
        """Handle each mail, in the order of arrival. Returns how many are done with, and why others were held up.

        Raises:
            Blocked: the rest has to wait too.
        """
        handled, held = 0, ""
        for uid in uids:
            async with self._hand:
                if self._closing:
                    break
                reason = await self._handling.handle(mailbox, uid)
            handled += not reason
            held = held or reason
        return handled, held

    def _connected(self) -> None:
        self.status = self.status.connected(_now())

    def _degrade(self, reason: str, wait: float) -> None:
        self.status = self.status.degraded(reason, _now() + timedelta(seconds=wait), _now())


def _now() -> datetime:
    return datetime.now(UTC)

"""One mail at a time: decided, handed over, and only then taken out of sight (spec: email §2).

Whatever happens before it is out of sight, it is seen again, under the same key, by which its thread knows it.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from temporalio.service import RPCError

from airut.errors import NoSpace
from airut.models.credentials.redaction import Redactor
from airut.models.mail.address import is_authorized
from airut.models.mail.bounce import Bounce
from airut.models.mail.settings import EmailChannel
from airut.models.threads.command import Submission, ThreadCommand
from airut.ports.blobs import BlobStore
from airut.ports.mailbox import Disposition, FetchedMail, Mailbox, MailboxError, MailNotSettled, MailUnreadable
from signals.mail.decision import Accept, Discard, Later, decide, header_or_empty
from signals.mail.dns import TxtResolver
from signals.mail.loops import loop_reason
from signals.mail.message import own_addresses, submission, without_secrets
from signals.mail.notice import of_unreadable
from signals.mail.rates import Rates
from signals.mail.sender import BadFrom, author
from signals.mail.status import Audit, MailAudit

logger = logging.getLogger(__name__)

Submit = Callable[[Submission], Awaitable[None]]
"""Signal-with-start. Returns when Temporal has the message or command.

Raises:
    RPCError, OSError, NoSpace: Temporal cannot be reached or cannot take messages now, so that every mail has to wait.
    SubmitRefused: it will never take this one. Whatever else is raised is taken for the same: this mail's own failure.
"""
Report = Callable[[Bounce], Awaitable[object]]
"""Tells a thread of an answer that has not arrived, where it is open. Raises as `Submit` does."""
_AWAY = (RPCError, OSError, NoSpace)
"""TimeoutError and ConnectionError are OSErrors; NoSpace, since a large message's history refers to a file."""

TRIES = 3
"""A mail whose handling fails so often is put aside: once may be chance, three times is the mail."""


class SubmitRefused(Exception):
    """Temporal refuses this message for its own sake; trying again does not help."""


class Blocked(Exception):
    """Nothing can be handed over at present: the reason for the status."""


class MailHandling:
    """Of one mailbox. Remembers what is handed over and not yet settled, which have failed, and what was taken."""

    def __init__(
        self,
        repo: str,
        channel: EmailChannel,
        submit: Submit,
        report: Report,
        blobs: BlobStore,
        resolver: TxtResolver,
        audit: Audit,
        redactor: Redactor,
        neighbours: tuple[str, ...] = (),
    ) -> None:
        self._repo = repo
        self._channel = channel
        self._submit = submit
        self._report = report
        self._blobs = blobs
        self._resolver = resolver
        self._audit = audit
        self._redactor = redactor
        self._neighbours = neighbours
        self._rates = Rates(channel.limits)
        self._counted = False
        self._settling: dict[int, Disposition] = {}
        self._failures: dict[int, int] = {}

    def forget(self) -> None:
        """What was remembered by UID means nothing any more (RFC 9051 §2.3.1.1)."""
        self._settling.clear()
        self._failures.clear()

    async def recall(self, mailbox: Mailbox) -> None:
        """Once: count what was taken before this process began.

        Raises:
            MailboxError: the connection is of no use any more.
        """
        if self._counted:
            return
        ours = own_addresses(self._channel)
        for mail in await mailbox.processed_since(_now() - self._rates.reach, self._channel.limits.per_repo.most):
            header = header_or_empty(mail)
            if loop_reason(header, ours, self._channel.auth.allow_lists) is not None:
                continue
            try:
                sender = author(header)
            except BadFrom:
                continue
            if is_authorized(sender, self._channel.auth.authorized_senders):  # others were never taken
                self._rates.count(sender, mail.internal_date)
        self._counted = True

    async def handle(self, mailbox: Mailbox, uid: int) -> str:
        """Hand one mail over and take it out of sight. Returns why it has to stay, or the empty string.

        Raises:
            Blocked: all mails have to wait.
            MailboxError: the connection is of no use any more.
        """
        try:
            return await self._handle(mailbox, uid)
        except MailNotSettled as error:
            return str(error)
        except (Blocked, MailboxError):
            raise
        except Exception as error:  # boundary of one mail: the next one must not wait for it
            return await self._failed(mailbox, uid, error)

    async def _handle(self, mailbox: Mailbox, uid: int) -> str:
        if uid not in self._settling:
            mail = await mailbox.fetch(uid, self._channel.limits.message)
            if mail is None:
                return ""
            decision = await decide(
                mail, self._repo, self._channel, self._resolver, self._rates, _now(), self._neighbours
            )
            match decision:
                case Later(detail=detail):
                    return f"dns: {detail}"
                case Accept(draft=draft):
                    redacted = without_secrets(draft, self._redactor)
                    accepted = await self._stored(submission(redacted, self._repo, self._blobs))
                    await self._hand_over(self._submit(accepted))
                    self._rates.count(draft.sender, mail.internal_date)
                    self._settling[uid] = Disposition.PROCESSED
                case Discard():
                    await self._put_aside(mail, decision)
                    self._settling[uid] = decision.disposition
        await mailbox.settle(uid, self._settling[uid])
        del self._settling[uid]
        self._failures.pop(uid, None)
        return ""

    async def _put_aside(self, mail: FetchedMail, discard: Discard) -> None:
        if discard.bounce is not None:
            await self._hand_over(self._report(discard.bounce))
        if discard.notice is not None:
            await self._hand_over(self._submit(discard.notice))
            if discard.told_of is not None:
                self._rates.told(discard.told_of, discard.notice.author, _now())
        await self._record(mail, discard)

    async def _stored(self, work: Awaitable[Submission]) -> Submission:
        try:
            return await work
        except (NoSpace, OSError) as error:
            raise Blocked(f"blob store: {error}") from error

    async def _hand_over(self, giving: Awaitable[object]) -> None:
        """Wait until Temporal has it."""
        try:
            await giving
        except _AWAY as error:
            raise Blocked(f"temporal: {error}") from error

    async def _failed(self, mailbox: Mailbox, uid: int, error: Exception) -> str:
        """Count a failed try; after the third put the mail aside. Returns why it stays, or the empty string."""
        self._failures[uid] = self._failures.get(uid, 0) + 1
        logger.warning("UID %d of %s, try %d", uid, self._repo, self._failures[uid], exc_info=error)
        if self._failures[uid] < TRIES:
            return f"UID {uid}: {type(error).__name__}"
        logger.error("UID %d of %s is put aside after %d tries", uid, self._repo, TRIES)
        detail = f"{type(error).__name__}: {error}"[:500]
        mail = await self._looked_at(mailbox, uid)
        sorry = await self._sorry(mail)
        discard = Discard(disposition=Disposition.FAILED, reason="poison", detail=detail, notice=sorry)
        try:
            await self._put_aside(mail, discard)
        except Blocked:
            raise
        except Exception:  # Temporal takes the notice no more than the mail
            logger.exception("nobody is told of UID %d of %s", uid, self._repo)
            await self._record(mail, discard)
        self._settling[uid] = Disposition.FAILED
        try:
            return await self._handle(mailbox, uid)
        except MailNotSettled as refused:
            return str(refused)

    async def _looked_at(self, mailbox: Mailbox, uid: int) -> FetchedMail:
        """The mail, for audit and notice; without content where the server cannot give it out."""
        try:
            mail = await mailbox.fetch(uid, self._channel.limits.message)
        except MailUnreadable:
            mail = None
        return mail or FetchedMail(uid=uid, size=0, internal_date=_now(), content=b"", whole=False)

    async def _sorry(self, mail: FetchedMail) -> ThreadCommand | None:
        try:
            return await of_unreadable(mail, self._repo, self._channel, self._resolver)
        except Exception as error:  # whatever made the mail fail may do so here
            logger.warning("nobody is told of UID %d of %s: %s", mail.uid, self._repo, type(error).__name__)
            return None

    async def _record(self, mail: FetchedMail, discard: Discard) -> None:
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
        await self._audit(entry)


def _now() -> datetime:
    return datetime.now(UTC)

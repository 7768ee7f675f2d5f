"""What is told about a mailbox and its mails: health for the dashboard, one audit entry for each mail put aside."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from airut.models.base import Model
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.ports.audit import AuditTrail, note
from airut.ports.mailbox import Disposition
from signals.status import ListenerState, ListenerStatus

MailboxState = ListenerState


class MailboxStatus(ListenerStatus):
    """A connected mailbox may be degraded by Temporal or DNS."""

    adopted: int = 0
    """Old mails that the first run marked as processed without reading them."""


class MailAudit(Model):
    """A mail that became no message: why, and what it said about its sender. Values are from outside, unverified."""

    repo: str
    uid: int
    at: datetime
    disposition: Disposition
    reason: str
    detail: str = ""
    message_id: str = ""
    sender: str = ""
    """The From field as it came, cut to 200 characters."""
    results: str = ""
    """The topmost Authentication-Results field, cut to 200."""


Audit = Callable[[MailAudit], Awaitable[None]]


def refusal(entry: MailAudit) -> AuditEvent:
    """For the audit log; what the mail itself says about its sender is in no other place."""
    detail = {"reason": entry.reason, "why": entry.detail, "folder": str(entry.disposition), "uid": entry.uid}
    more = {"message_id": entry.message_id, "results": entry.results}
    return AuditEvent(
        actor=entry.sender or "unknown",
        action=AuditAction.MESSAGE_REFUSED,
        object=f"{entry.repo}/email",
        detail={**detail, **{name: value for name, value in more.items() if value}},
    )


def recorded_in(trail: AuditTrail) -> Audit:
    async def record(entry: MailAudit) -> None:
        await note(trail, refusal(entry))

    return record

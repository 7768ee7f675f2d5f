"""What is told about a mailbox and its mails: health for the dashboard, one audit entry for each mail put aside."""

import logging
from collections.abc import Callable
from datetime import datetime

from airut.models.base import Model
from airut.ports.mailbox import Disposition
from signals.status import ListenerState, ListenerStatus

logger = logging.getLogger(__name__)


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


Audit = Callable[[MailAudit], None]


def log_audit(entry: MailAudit) -> None:
    """One line of JSON in the log, where there is no better place: what is refused must be findable somewhere."""
    logger.info("put aside: %s", entry.model_dump_json())

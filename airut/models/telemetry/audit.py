"""What the audit log holds: who did what to what (spec: operations §5). Never contents, never secrets."""

from datetime import datetime
from enum import StrEnum

from airut.models.base import Model

Detail = str | int | float | bool | tuple[str, ...] | None
"""Names, numbers and verdicts; a text is cut at 500 characters."""


class AuditAction(StrEnum):
    """Everything that is recorded. New ones are added here, so that this is the whole list."""

    MESSAGE_ACCEPTED = "message.accepted"
    MESSAGE_REFUSED = "message.refused"
    THREAD_COMMAND = "thread.command"
    COMMAND_REFUSED = "thread.command_refused"
    TASK_STARTED = "task.started"
    TASK_ENDED = "task.ended"
    SANDBOX_STARTED = "sandbox.started"
    """With the digest of the policy that it runs under."""
    NETWORK_OPENED = "network.opened"
    """A sandbox without a fence: `network.enabled: false`."""
    CREDENTIALS_GRANTED = "credentials.granted"
    PULL_REQUEST = "pull_request.opened"
    """Or brought up to date."""
    PUSHED = "branch.pushed"
    """Without a pull request."""
    THREAD_REMOVED = "thread.removed"
    DELETED = "data.deleted"
    CONFIG_SAVED = "config.saved"
    LOGIN = "login.succeeded"
    LOGIN_REFUSED = "login.refused"
    LOGIN_OFFERED = "login.offered"
    """A link that logs in once, or an API token, was made."""
    LOGOUT = "login.revoked"
    UPDATED = "update.installed"
    RESTORED = "backup.restored"
    """In the log that the backup held."""
    REPAIRED = "audit.repaired"
    """The half of an entry that a killed process left was cut off; nobody was told that it had been recorded."""


class AuditEvent(Model):
    """What somebody has to say to the log. `actor` is a person as its channel knows it, or a part of ours; `object` is
    what it was done to: a thread, a task, a repository, a file."""

    actor: str
    action: AuditAction
    object: str
    detail: dict[str, Detail] = {}
    once: bool = False
    """Nothing is written where the log says exactly this already. Not itself a part of the entry."""


class AuditEntry(Model):
    """One line of the log. `hash` is SHA-256 over `prev` and the canonical JSON of all other fields."""

    seq: int
    time: datetime
    actor: str
    action: str
    """As it was written; a later version may have others."""
    object: str
    detail: dict[str, Detail] = {}
    config_digest: str = ""
    """Of the configuration that the process had which wrote it."""
    prev: str
    hash: str


class AuditVerdict(Model):
    """Whether a log is as it was written, in words that name the first entry that is not."""

    whole: bool
    words: str

"""What a channel hands to a thread: one accepted, authenticated, authorized message."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from airut.models.base import Model
from airut.models.blob import BlobRef, Text
from airut.models.budgets.budget import Limit

Effort = Literal["low", "medium", "high", "xhigh", "max"]
"""The levels of Claude Code's `--effort`."""


class ChannelKind(StrEnum):
    EMAIL = "email"
    SLACK = "slack"
    CONSOLE = "console"


class Attachment(Model):
    """A file that came with a message or goes with a reply. `name` is safe as a file name (one component)."""

    name: str
    media_type: str
    content: BlobRef
    content_id: str | None = None
    """RFC 2392 id of an inline picture, without angle brackets."""


class RemoteFile(Model):
    """A file that came with a message and lies with its channel's service, until a task fetches it. `name` is safe as a
    file name (one component); `size` in bytes, as the service says."""

    id: str
    name: str
    media_type: str
    size: int
    url: str


class Hints(Model):
    """What the author asked for beyond the text."""

    model: str | None = None
    effort: Effort | None = None
    budget: Limit | None = None
    """US dollars for the whole task."""


class MailRoute(Model):
    """Where a mail came from, in RFC 5322 terms: all that an answer's headers need. Addresses are bare addr-specs."""

    kind: Literal["email"] = "email"
    token: str
    """The thread's 16 characters, as in our Message-IDs."""
    message_id: str | None
    """With angle brackets, as received; None when the mail had none."""
    references: tuple[str, ...] = ()
    sender: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    """Decoded, unfolded, as received."""
    untied: bool = False
    """Whether it came as an answer (`Re:`) but without any reference, as some programs and gateways write."""
    opens: bool = False
    """True where nobody wrote: a schedule opens the conversation, and the answer is a new mail to all of `to`."""


class ConsoleRoute(Model):
    """A message of `airut send`: the answer stays in the thread and is printed by the CLI."""

    kind: Literal["console"] = "console"


class SlackRoute(Model):
    """Where a message was posted: all that an answer in its thread needs. Ids and timestamps are Slack's own."""

    kind: Literal["slack"] = "slack"
    team: str
    channel: str
    thread_ts: str
    ts: str
    user: str
    opens: bool = False
    """True where nobody wrote: a schedule has opened the thread with a post of ours, which is the message."""


Route = Annotated[MailRoute | ConsoleRoute | SlackRoute, Field(discriminator="kind")]


class InboundMessage(Model):
    """One accepted message. Everything in it is decided before Temporal sees it.

    `key` identifies it for ever: a message delivered twice has the same key and counts once.
    `text` has earlier messages cut; `uncut` is set only where that made a difference, and a thread uses it for its
    first message, since what is quoted there is new to us.
    """

    key: str
    also: tuple[str, ...] = ()
    """Other keys by which the same message may come: known by one of them, it is known."""
    thread: str
    repo: str
    channel: ChannelKind
    author: str
    participants: tuple[str, ...] = ()
    """The author and whoever else was addressed and is authorized: who may be copied in, and may go on."""
    open_to_authorized: bool = False
    """True where anybody who is authorized may join a thread, and not its participants alone."""
    sent_at: datetime
    received_at: datetime
    edited: float = 0.0
    """When its author changed it last, in seconds by its channel's clock."""
    subject: str = ""
    text: Text
    uncut: Text | None = None
    attachments: tuple[Attachment, ...] = ()
    files: tuple[RemoteFile, ...] = ()
    """Attachments to be: a task turns them into such before it begins."""
    follows: bool = False
    """Other things were said before it in its thread, which a task has to know, and which are not read yet."""
    context: Text | None = None
    """They, once they are."""
    hints: Hints = Hints()
    notes: tuple[str, ...] = ()
    """What the answer must mention: a file that was too large, a hint that was not understood."""
    route: Route
    notify: str | None = None
    """Id of a workflow that is told (`task_closed`) when the task that took this message has closed."""
    numbers_above: int = 0
    """Tasks up to this number may have been answered already, by an installation that was restored to an earlier state
    since: their numbers are part of what answers are known by."""

    @property
    def lacks(self) -> bool:
        """Whether something of it is still to be had from its channel's service."""
        return bool(self.files) or self.follows

    @property
    def opens(self) -> bool:
        """Whether a schedule says this, and not a person."""
        return not isinstance(self.route, ConsoleRoute) and self.route.opens

"""What goes out to a channel, before it is a mail or a post."""

from datetime import datetime
from enum import StrEnum

from airut.models.base import Model
from airut.models.questions.asked import Asked
from airut.models.threads.message import Attachment, Route


class ReplyKind(StrEnum):
    """Part of a Message-ID (`airut.<token>.<task>.<kind>.<seq>`): four letters, never renamed."""

    ACKNOWLEDGEMENT = "ack"
    PROGRESS = "prog"
    QUESTION = "ask"
    ANSWER = "done"
    NOTE = "note"


class Outbound(Model):
    """One answer. `markdown` is the whole text as the agent and we wrote it; the channel renders it.

    `routes` are those of the answered messages, oldest first: the newest gives subject and threading headers, all
    give recipients. `key` never contains a run id, so that a retry sends the same answer.
    """

    key: str
    repo: str
    thread: str
    task: int
    seq: int = 0
    kind: ReplyKind
    at: datetime
    """When it was decided; the same on every try, and the mail's Date."""
    markdown: str
    footer: tuple[str, ...] = ()
    """Lines below the rule: usage, links. Plain text, each at most one line."""
    failed: bool = False
    """Whether it tells of a task that did not succeed."""
    private: bool = False
    """For whoever wrote the newest message alone, where the channel can do that; it may be lost."""
    again: bool = False
    """Whether an earlier try may have sent it already, of which nobody knows."""
    attachments: tuple[Attachment, ...] = ()
    asked: Asked | None = None
    """The question, where it is one; `markdown` has it for people who answer by text."""
    routes: tuple[Route, ...]
    participants: tuple[str, ...] = ()
    """Authorized addresses seen in the thread: who may be copied in."""


class Delivery(Model):
    """How an answer was delivered. `message_id` is the channel's own id; `notes` what could not be sent along."""

    message_id: str
    notes: tuple[str, ...] = ()

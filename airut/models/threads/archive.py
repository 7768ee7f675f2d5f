"""What is left of an ended thread, and what a later message finds again (spec: lifecycle §13)."""

from datetime import UTC, datetime
from typing import Literal

from airut.models.base import Model
from airut.models.blob import BlobRef
from airut.models.mail.bounce import Bounce
from airut.models.pull_requests.pull_request import PullRequestRef
from airut.models.tasks.outcome import Usage
from airut.models.threads.message import ChannelKind, Hints

STORAGE_MOST = 100 * 1024**2
"""Bytes of `/storage` that an archive takes."""

NUMBERS_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
"""Seconds since then have at most nine digits until 2055, which is what a Message-ID of ours takes."""

NOTES_AHEAD = 1_000
"""How far the numbers of notes can have run ahead of the clock: a hundred wait at most, and mail servers are slow."""

UNREADABLE = "what was kept of this conversation cannot be read: session, storage and unpublished work are lost"
MISSING = "nothing is kept of this conversation any more: session, storage and unpublished work are gone"


def number_at(now: datetime) -> int:
    """A number that was not given before, where nobody knows which ones were: a thread gives less than one a second.
    It is part of workflow ids and Message-IDs, of which none may come twice."""
    return int((now - NUMBERS_BEGIN).total_seconds())


class KnownKey(Model):
    """A message that the thread had accepted, and when: delivered again, it still counts once."""

    key: str
    at: datetime


class ArchivedThread(Model):
    """An ended thread. Fields are only ever added with a default: archives of older versions are read for months."""

    version: Literal[1] = 1
    thread: str
    repo: str
    channel: ChannelKind
    ended_at: datetime
    keys: tuple[KnownKey, ...] = ()
    participants: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    """Authors who know that they have no part in this thread."""
    notes: int = 0
    """No note has a number above this one: each has a Message-ID of its own, in the next life of the thread too."""
    subject: str = ""
    tasks: int = 0
    usage: Usage = Usage()
    hints: Hints = Hints()
    session_id: str | None = None
    transcript: BlobRef | None = None
    bundle: BlobRef | None = None
    """Commits that were not published when the last agent ended."""
    changes: BlobRef | None = None
    """What was not committed then."""
    storage: BlobRef | None = None
    """`/storage` as a tar."""
    branch: str | None = None
    published: str | None = None
    pull_request: PullRequestRef | None = None
    merged: int | None = None
    heard: float = 0.0
    bounces: tuple[Bounce, ...] = ()
    losses: tuple[str, ...] = ()
    """One line for each thing that the archive does not hold: told with the first reply of the next life."""

    @property
    def blobs(self) -> tuple[BlobRef, ...]:
        """What must not be swept while the archive is kept."""
        return tuple(ref for ref in (self.transcript, self.bundle, self.changes, self.storage) if ref is not None)


def lost_archive(thread: str, repo: str, channel: ChannelKind, now: datetime, loss: str = UNREADABLE) -> ArchivedThread:
    """What stands in for an archive that cannot be had: the thread goes on, and no number of its comes twice."""
    number = number_at(now)
    return ArchivedThread(
        thread=thread,
        repo=repo,
        channel=channel,
        ended_at=now,
        tasks=number,
        notes=number + NOTES_AHEAD,
        losses=(loss,),
    )


class ArchiveOrder(Model):
    """Take what lies on the host of an ending thread. No sandbox of it runs any more."""

    thread: str
    repo: str
    session_id: str | None = None


class Archived(Model):
    """What was put into the blob store, and a line for each thing that was not."""

    transcript: BlobRef | None = None
    storage: BlobRef | None = None
    losses: tuple[str, ...] = ()


class RemoveOrder(Model):
    """Remove all that a thread has on the host."""

    thread: str
    repo: str


class RestoreOrder(Model):
    """Put back what an archive or another host had of a thread, before its first task here."""

    thread: str
    repo: str
    session_id: str | None = None
    transcript: BlobRef | None = None
    storage: BlobRef | None = None


class Restored(Model):
    """`notes`: one line for each thing that could not be brought back."""

    notes: tuple[str, ...] = ()


class ExpireOrder(Model):
    now: datetime


class Expired(Model):
    """How much was removed. `bytes`: of blobs and payloads."""

    archives: int = 0
    blobs: int = 0
    payloads: int = 0
    bytes: int = 0

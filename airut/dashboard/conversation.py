"""A thread as its page shows it: what was said, what was answered, what waits; from whatever still knows of it."""

import asyncio
from datetime import datetime

from airut.dashboard.ports import Ports
from airut.errors import ArchiveUnavailable, ArchiveUnreadable, BlobError
from airut.models.base import Model
from airut.models.blob import BlobRef, Text
from airut.models.pull_requests.pull_request import PullRequestRef
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.archive import ArchivedThread
from airut.models.threads.message import Attachment, InboundMessage
from airut.models.threads.thread import ThreadStatus
from airut.ports.task_records import TaskDetail, TaskRow
from airut.ports.texts import fetch
from airut.ports.thread_control import ThreadAway, ThreadGone
from airut.ports.thread_directory import DirectoryUnavailable

SHOWN = 10
"""Tasks on one page, with all that was said in them: each is three questions to Temporal. Others are a click away."""
GONE = "(not kept any more)"


class Said(Model):
    author: str
    at: datetime
    text: str
    attachments: tuple[Attachment, ...] = ()


class Turn(Model):
    """A task: what was asked, and what came of it."""

    number: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    outcome: TaskOutcome | None = None
    detail: str = ""
    cost_usd: float = 0.0
    pull_request: PullRequestRef | None = None
    messages: tuple[Said, ...] = ()
    reply: str | None = None
    replied_at: datetime | None = None
    notes: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


class Conversation(Model):
    """`status` is the thread's own account, None where nobody gives it; `archive` is what was kept when it ended."""

    thread: str
    away: str = ""
    """Why something is missing."""
    status: ThreadStatus | None = None
    archive: ArchivedThread | None = None
    turns: tuple[Turn, ...] = ()
    """Oldest first."""
    earlier: int | None = None
    """The first task that is shown, where there are others before it."""

    @property
    def repo(self) -> str:
        return self.thread.partition("/")[0]

    @property
    def subject(self) -> str:
        told = self.status.subject if self.status else self.archive.subject if self.archive else ""
        return told or self.thread

    @property
    def ended(self) -> bool:
        return self.status is None and self.archive is not None


async def conversation(ports: Ports, thread: str, before: int | None = None) -> Conversation | None:
    """What is known of a thread; None where nothing is. `before`: tasks older than that one."""
    (status, gone, away), (rows, untold) = await asyncio.gather(_status(ports, thread), _rows(ports, thread))
    archive = await _archive(ports, thread) if status is None else None
    if status is None and archive is None and not rows:
        return None if gone and not untold else Conversation(thread=thread, away=away or untold)
    wanted = [row for row in rows if before is None or row.number < before]
    turns = await asyncio.gather(*(_turn(ports, thread, row) for row in wanted[-SHOWN:]))
    return Conversation(
        thread=thread,
        away=away or untold,
        status=status,
        archive=archive,
        turns=tuple(turns),
        earlier=wanted[-SHOWN].number if len(wanted) > SHOWN else None,
    )


async def messages_of(ports: Ports, messages: tuple[InboundMessage, ...]) -> tuple[Said, ...]:
    texts = await asyncio.gather(*(text_of(ports, message.uncut or message.text) for message in messages))
    return tuple(
        Said(author=message.author, at=message.sent_at, text=text, attachments=message.attachments)
        for message, text in zip(messages, texts, strict=True)
    )


async def text_of(ports: Ports, text: Text) -> str:
    try:
        return await fetch(ports.blobs, text)
    except (BlobError, OSError):
        return GONE


async def _turn(ports: Ports, thread: str, row: TaskRow) -> Turn:
    try:
        detail = await ports.tasks.detail(thread, row.number)
    except DirectoryUnavailable:
        detail = None
    detail = detail or TaskDetail(**row.model_dump())
    given, result = detail.input, detail.result
    reply = result.reply if result else None
    return Turn(
        number=row.number,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=result.outcome if result else None,
        detail=result.detail if result else "",
        cost_usd=result.usage.cost_usd if result else 0.0,
        pull_request=result.pull_request if result else None,
        messages=await messages_of(ports, given.messages) if given else (),
        reply=await _markdown(ports, reply.markdown) if reply else None,
        replied_at=reply.delivered_at if reply else None,
        notes=reply.notes if reply else (),
        attachments=reply.attachments if reply else (),
    )


async def _markdown(ports: Ports, ref: BlobRef) -> str:
    return await text_of(ports, Text(blob=ref))


async def _status(ports: Ports, thread: str) -> tuple[ThreadStatus | None, bool, str]:
    """Its own account; else whether there is no such thread, and why nobody says."""
    try:
        return await ports.control.status(thread), False, ""
    except ThreadGone:
        return None, True, ""
    except ThreadAway as error:
        return None, False, f"The thread does not answer ({error}): Temporal or the control worker is away."


async def _rows(ports: Ports, thread: str) -> tuple[tuple[TaskRow, ...], str]:
    try:
        return await ports.tasks.tasks(thread), ""
    except DirectoryUnavailable as error:
        return (), f"Temporal does not answer: {error}"


async def _archive(ports: Ports, thread: str) -> ArchivedThread | None:
    try:
        return await ports.archives.get(thread)
    except (ArchiveUnavailable, ArchiveUnreadable):
        return None

"""Transcripts of sessions in the blob store, so that a session outlives its file and its host (spec: lifecycle §10)."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from pydantic import ValidationError
from temporalio import activity

from activities.heartbeat import recorded
from airut.errors import AirutError
from airut.models.blob import BlobRef, PassingBlob
from airut.models.hosts.folders import ThreadFolders
from airut.models.tasks.steps import AgentInput
from airut.ports.agent import Sessions
from airut.ports.blobs import BlobStore

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two copies of a running session: what a lost host may cost of it."""


class Transcripts:
    def __init__(self, folders: ThreadFolders, sessions: Sessions, blobs: BlobStore) -> None:
        self._folders = folders
        self._sessions = sessions
        self._blobs = blobs

    def keeper(self, order: AgentInput) -> "Keeper":
        return Keeper(self, order.task.thread, session_of(order), told_in(activity.info().heartbeat_details), _known)

    async def save(self, thread: str, session_id: str) -> BlobRef | None:
        """Raises: NoSpace, OSError"""
        content = await self._content(thread, session_id)
        return await self._blobs.put(content) if content else None

    async def copy(self, thread: str, session_id: str, before: BlobRef | None) -> PassingBlob | None:
        """A copy that the next one makes useless; None where there is nothing, or nothing new since `before`.

        Raises:
            NoSpace, OSError
        """
        content = await self._content(thread, session_id)
        if not content or (before and before.sha256 == await asyncio.to_thread(_digest, content)):
            return None
        return await self._blobs.put_passing(content)

    async def drop(self, copy: PassingBlob) -> None:
        """Raises: OSError"""
        await self._blobs.drop(copy)

    async def restore(self, thread: str, session_id: str, transcript: BlobRef) -> None:
        """Not while a container of the thread runs. Raises: BlobMissing, BlobCorrupt, OSError"""
        home = self._folders.of(thread).home
        await asyncio.to_thread(self._sessions.restore, home, session_id, await self._blobs.get(transcript))

    async def _content(self, thread: str, session_id: str) -> bytes | None:
        return await asyncio.to_thread(self._sessions.save, self._folders.of(thread).home, session_id)


class Keeper:
    """Keeps the transcript of one running session. What cannot be kept now is kept the next time: a full disk of the
    blob store must not end an agent.

    Heartbeats tell the newest copy. Those before the one that Temporal has recorded can never be asked for any more,
    and are dropped: a day's run would leave a thousand of them, each longer than the one before. Where Temporal cannot
    be asked, nothing is dropped.
    """

    def __init__(
        self,
        transcripts: Transcripts,
        thread: str,
        session_id: str,
        newest: BlobRef | None,
        known: Callable[[], Awaitable[BlobRef | None]],
    ) -> None:
        """`newest` is the copy of an earlier attempt; `known` asks for the one that Temporal has recorded."""
        self._transcripts = transcripts
        self._thread = thread
        self._session_id = session_id
        self._known = known
        self._kept_at = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self._copies: list[PassingBlob] = []
        """Oldest first. Not those of earlier attempts: they are few, and expire as all blobs do."""
        self.newest = newest

    @property
    def told(self) -> dict[str, object] | None:
        """The newest copy, as heartbeats carry it."""
        return self.newest.model_dump() if self.newest else None

    def keep_now_and_then(self) -> None:
        """Start a copy in the background, where the last one is old enough."""
        if time.monotonic() - self._kept_at < EVERY or (self._task and not self._task.done()):
            return
        self._kept_at = time.monotonic()
        self._task = asyncio.create_task(self._copy())

    async def keep(self) -> BlobRef | None:
        """The newest copy, made now where that is possible, for whoever may refer to it for long."""
        try:
            self.newest = await self._transcripts.save(self._thread, self._session_id) or self.newest
        except (AirutError, OSError) as error:
            log.warning("the transcript of %s is not kept: %s", self._thread, error)
        return self.newest

    async def _copy(self) -> None:
        try:
            made = await self._transcripts.copy(self._thread, self._session_id, self.newest)
            if made is not None:
                self._copies.append(made)
                self.newest = made.ref
            await self._drop_before(await self._known())
        except (AirutError, OSError) as error:
            log.warning("the transcript of %s is not kept: %s", self._thread, error)

    async def _drop_before(self, known: BlobRef | None) -> None:
        refs = [copy.ref for copy in self._copies]
        if known not in refs:
            return
        for old in self._copies[: refs.index(known)]:
            await self._transcripts.drop(old)
            self._copies.remove(old)


def session_of(order: AgentInput) -> str:
    """The session that a run begins or goes on with."""
    return order.session_id or order.task.session_id


def told_in(details: Sequence[object]) -> BlobRef | None:
    """The copy that a heartbeat of `run_agent` told."""
    for detail in details:
        if isinstance(detail, dict) and detail.get("transcript"):
            try:
                return BlobRef.model_validate(detail["transcript"])
            except ValidationError:
                return None
    return None


async def _known() -> BlobRef | None:
    return told_in(await recorded())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

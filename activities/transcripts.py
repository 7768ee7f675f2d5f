"""Transcripts of sessions in the blob store, so that a session outlives its file and its host (spec: lifecycle §10)."""

import asyncio
import logging
import time

from airut.errors import AirutError
from airut.models.blob import BlobRef
from airut.models.folders import ThreadFolders
from airut.models.task import AgentInput
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
        return Keeper(self, order.task.thread, session_of(order))

    async def save(self, thread: str, session_id: str) -> BlobRef | None:
        """Raises: NoSpace, OSError"""
        home = self._folders.of(thread).home
        content = await asyncio.to_thread(self._sessions.save, home, session_id)
        return await self._blobs.put(content) if content else None

    async def restore(self, thread: str, session_id: str, transcript: BlobRef) -> None:
        """Not while a container of the thread runs. Raises: BlobMissing, BlobCorrupt, OSError"""
        home = self._folders.of(thread).home
        await asyncio.to_thread(self._sessions.restore, home, session_id, await self._blobs.get(transcript))


class Keeper:
    """Keeps the transcript of one running session. What cannot be kept now is kept the next time: a full disk of the
    blob store must not end an agent."""

    def __init__(self, transcripts: Transcripts, thread: str, session_id: str) -> None:
        self._transcripts = transcripts
        self._thread = thread
        self._session_id = session_id
        self._kept_at = time.monotonic()
        self._task: asyncio.Task[BlobRef | None] | None = None
        self.newest: BlobRef | None = None

    def keep_now_and_then(self) -> None:
        """Start a copy in the background, where the last one is old enough."""
        if time.monotonic() - self._kept_at < EVERY or (self._task and not self._task.done()):
            return
        self._kept_at = time.monotonic()
        self._task = asyncio.create_task(self.keep())

    async def keep(self) -> BlobRef | None:
        """The newest copy, made now where that is possible."""
        try:
            self.newest = await self._transcripts.save(self._thread, self._session_id) or self.newest
        except (AirutError, OSError) as error:
            log.warning("the transcript of %s is not kept: %s", self._thread, error)
        return self.newest


def session_of(order: AgentInput) -> str:
    """The session that a run begins or goes on with."""
    return order.session_id or order.task.session_id

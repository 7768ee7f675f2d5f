"""What a run of the agent leaves is brought home: its verdict, its words, its files, its commits, its session."""

import asyncio
from dataclasses import dataclass

from activities.network_log import blocked_requests, packed, read_access_log, rejected_credentials
from activities.outbox import STDERR_MOST, read_or_nothing, read_outbox
from activities.running_agent import RunningAgent
from activities.transcripts import session_of
from activities.watch import Watch
from airut.models.blob import BlobRef, Text
from airut.models.credentials.redaction import Redactor
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sandbox import ExitStatus, SandboxRef
from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, LostRun
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.models.threads.message import Attachment
from airut.ports.agent import Agent, Sessions
from airut.ports.blobs import BlobStore
from airut.ports.texts import store

ENDED_BY_ITSELF = frozenset({AgentOutcome.DONE, AgentOutcome.QUESTION})
"""What had come to its end when it was to be interrupted: the end counts."""


@dataclass(frozen=True)
class EndedRun:
    """A run that is over."""

    ref: SandboxRef
    run: RunningAgent
    watch: Watch
    exit_status: ExitStatus


class Homecoming:
    def __init__(
        self,
        folders: ThreadFolders,
        agent: Agent,
        sessions: Sessions,
        blobs: BlobStore,
        redactor: Redactor,
    ) -> None:
        self._redactor = redactor
        self._folders = folders
        self._agent = agent
        self._sessions = sessions
        self._blobs = blobs

    async def brought(self, order: AgentInput, ended: EndedRun) -> AgentResult:
        """Safe to call again. Raises: BlobError, NoSpace, OSError"""
        ref, run, exit_status = ended.ref, ended.run, ended.exit_status
        out = ref.folder / "out"
        verdict = await self._verdict(order, ended)
        text, verdict = verdict.text, verdict.model_copy(update={"text": ""})
        left = await asyncio.to_thread(read_outbox, self._folders.of(order.task.thread).outbox)
        outbox = [
            Attachment(
                name=file.name,
                media_type=file.media_type,
                content=await self._blobs.put(await asyncio.to_thread(self._redactor.data, file.content)),
            )
            for file in left.files
        ]
        bundle = await asyncio.to_thread(read_or_nothing, out / "work.bundle")
        bundle_ref: BlobRef | None = await self._blobs.put(bundle) if bundle else None
        changes = await asyncio.to_thread(read_or_nothing, out / "changes.bundle")
        access_log = await asyncio.to_thread(lambda: self._redactor.data(read_access_log(ref.folder / "log")))
        kept = await self._blobs.put(await asyncio.to_thread(packed, access_log)) if access_log else None
        return AgentResult(
            verdict=verdict,
            text=await store(self._blobs, text),
            outbox=tuple(outbox),
            bundle=bundle_ref,
            work_error=self._redactor.text(exit_status.work_error or "")[-1000:],
            uncommitted=exit_status.uncommitted,
            changes=await self._blobs.put(changes) if changes else None,
            notes=left.notes,
            transcript=await run.keeper.keep(),
            ran_s=exit_status.duration_s,
            blocked=await asyncio.to_thread(blocked_requests, access_log),
            access_log=kept,
            rejected=await asyncio.to_thread(rejected_credentials, access_log),
        )

    async def frozen(self, run: RunningAgent) -> AgentResult:
        """Of a run that is not over: its words and costs are read again by whoever follows it next."""
        verdict = AgentVerdict(outcome=AgentOutcome.STOPPED)
        return AgentResult(verdict=verdict, text=Text(inline=""), transcript=await run.keeper.keep(), frozen=True)

    async def _verdict(self, order: AgentInput, ended: EndedRun) -> AgentVerdict:
        """What the agent came to, or why it was ended. What had come to its end by itself by then counts as that."""
        run, watch = ended.run, ended.watch
        stderr = await asyncio.to_thread(read_or_nothing, ended.ref.folder / "out" / "stderr", STDERR_MOST)
        verdict = self._agent.verdict(
            run.progress, ended.exit_status, self._redactor.data(stderr).decode(errors="replace")
        )
        if not verdict.prompt_taken:  # of an agent that was killed
            held = await self._holds(order, run.progress.first_answer)
            verdict = verdict.model_copy(update={"prompt_taken": held})
        if verdict.outcome in ENDED_BY_ITSELF:
            return verdict
        if watch.stopped:
            return verdict.model_copy(update={"outcome": AgentOutcome.STOPPED, "detail": ""})
        if watch.overdue:
            detail = run.disk.told(await ended.run.largest())
            return verdict.model_copy(update={"outcome": AgentOutcome.DISK_FULL, "detail": detail})
        return verdict

    async def known(self, order: AgentInput, run: RunningAgent, ran_s: float) -> LostRun:
        """Of a run that cannot be brought home."""
        return LostRun(
            usage=run.progress.usage,
            prompt_taken=await self._holds(order, run.progress.first_answer),
            transcript=await run.keeper.keep(),
            ran_s=ran_s,
        )

    async def _holds(self, order: AgentInput, answer: str | None) -> bool:
        """Whether the session knows this answer of the agent's, and so all that came before it."""
        home = self._folders.of(order.task.thread).home
        return answer is not None and await asyncio.to_thread(self._sessions.holds, home, session_of(order), answer)

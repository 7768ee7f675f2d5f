"""Start the agent in its sandbox or adopt the one that runs, follow it to its end, bring home what it left.

The container owns the run, this activity only watches: a worker that dies or is replaced costs nothing, the next
attempt finds the container by its id and reads its output again from the start.
"""

import asyncio
from pathlib import Path

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.failures import reported
from activities.heartbeat import beating
from activities.network_log import blocked_requests
from activities.outbox import ALL_MOST, read_outbox, read_regular
from airut.errors import EngineError, NameTaken, NoSpace
from airut.models.agent import AgentCommand, AgentProgress, AgentRun
from airut.models.blob import BlobRef, Text
from airut.models.folders import ThreadFolders
from airut.models.message import Attachment, InboundMessage
from airut.models.outcome import AgentOutcome, TaskOutcome
from airut.models.prompt import compose_prompt, compose_rules
from airut.models.sandbox import (
    ExitStatus,
    Mount,
    NetworkSpec,
    SandboxRef,
    SandboxSignal,
    SandboxSpec,
    sandbox_id,
)
from airut.models.task import AgentInput, AgentResult
from airut.ports.agent import Agent
from airut.ports.blobs import BlobStore
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories
from airut.ports.sandbox import Sandboxes
from airut.ports.texts import fetch, store

STDERR_MOST = 2 * 1024**2
"""Bytes; the entrypoint keeps the last MiB."""

POLICY = ".airut/network-allowlist.yaml"

LOST = (EngineError, NameTaken, NoSpace)
"""A sandbox that cannot be made or watched any more; the workflow makes a new one, a few times. An engine that does
not answer at all, or has no address left, is waited for."""

GRACE = 35.0
"""Seconds before an interrupted sandbox is killed. Its entrypoint ends the agent itself by then (SIGTERM after 20 s,
SIGKILL after 30 s), and still bundles what was committed."""


class AgentRuns:
    def __init__(
        self,
        folders: ThreadFolders,
        sandboxes: Sandboxes,
        agent: Agent,
        mirror: Mirror,
        blobs: BlobStore,
        repositories: Repositories,
    ) -> None:
        self._folders = folders
        self._sandboxes = sandboxes
        self._agent = agent
        self._mirror = mirror
        self._blobs = blobs
        self._repositories = repositories

    @activity.defn
    async def run_agent(self, order: AgentInput) -> AgentResult:
        with reported(TaskOutcome.SANDBOX_LOST, final=LOST):
            activity.heartbeat({"step": "starting the sandbox"})
            async with beating():  # a first start can take longer than a heartbeat may stay away
                ref = await self._sandboxes.start(await self._spec(order))
            watch = _Watch(self._sandboxes, self._agent, ref)
            exit_status = await watch.to_the_end()
        with reported(TaskOutcome.SANDBOX_LOST):  # what has ended is adopted again, and never run again for a full disk
            async with beating():
                return await self._bring_home(order, ref, watch, exit_status)

    async def _spec(self, order: AgentInput) -> SandboxSpec:
        task, repo = order.task, order.task.repo
        folders = self._folders.of(task.thread)
        settings = self._repositories.agent(repo)
        secrets = self._repositories.secrets(repo, task.thread)
        command = await self._command(order)
        folder = folders.task(task.number, order.attempt)
        return SandboxSpec(
            sandbox_id=sandbox_id(task.id, order.attempt),
            thread=task.thread,
            task=task.id,
            attempt=order.attempt,
            repo=repo,
            image=order.image,
            command=command.argv,
            stdin=command.stdin,
            files=command.files,
            environment={**secrets.environment, **command.environment},
            mounts=(
                Mount(source=folders.workspace, target="/workspace", writable=True),
                Mount(source=folders.inbox, target="/inbox"),
                Mount(source=folders.outbox, target="/outbox", writable=True),
                Mount(source=folders.storage, target="/storage", writable=True),
                Mount(source=folders.home, target="/home/agent/.claude", writable=True),
                Mount(source=settings.binary, target="/opt/claude/claude"),
            ),
            folder=folder,
            base_commit=order.base,
            limits=self._repositories.limits(repo),
            network=NetworkSpec(
                allowlist=await self._file_of(repo, order.policy.commit, POLICY),
                repository=settings.slug,
                granted_presets=settings.granted_presets,
                credentials=secrets.credentials,
                upstream_dns=settings.upstream_dns,
                private_ranges=settings.private_ranges,
                extra_ca_files=settings.extra_ca_files,
            ),
        )

    async def _command(self, order: AgentInput) -> AgentCommand:
        task, settings = order.task, self._repositories.agent(order.task.repo)
        texts = [(message, await fetch(self._blobs, _prompt_text(message, task.number))) for message in task.messages]
        claude_md = await self._file_of(task.repo, order.policy.commit, "CLAUDE.md")
        run = AgentRun(
            session_id=task.session_id,
            prompt=compose_prompt(tuple(texts), order.inbox, order.resume_note),
            system_prompt=compose_rules(settings.system_prompt, claude_md),
            model=task.hints.model or settings.model,
            effort=task.hints.effort or settings.effort,
            max_turns=settings.max_turns,
            home=self._folders.of(task.thread).home,
        )
        return self._agent.command(run)

    async def _file_of(self, repo: str, commit: str, path: str) -> str | None:
        """A text file of the default branch, from the host's mirror; never from the agent's workspace."""
        files = await self._mirror.read_tree(repo, commit, path)
        return files[0].content.decode(errors="replace") if files else None

    async def _bring_home(
        self, order: AgentInput, ref: SandboxRef, watch: "_Watch", exit_status: ExitStatus
    ) -> AgentResult:
        out, log = ref.folder / "out", ref.folder / "log" / "network.jsonl"
        stderr = await asyncio.to_thread(_read_or_nothing, out / "stderr", STDERR_MOST)
        verdict = self._agent.verdict(watch.progress, exit_status, stderr.decode(errors="replace"))
        if watch.stopped:
            verdict = verdict.model_copy(update={"outcome": AgentOutcome.STOPPED, "detail": ""})
        text, verdict = verdict.text, verdict.model_copy(update={"text": ""})
        left = await asyncio.to_thread(read_outbox, self._folders.of(order.task.thread).outbox)
        outbox = [
            Attachment(name=file.name, media_type=file.media_type, content=await self._blobs.put(file.content))
            for file in left.files
        ]
        bundle = await asyncio.to_thread(_read_or_nothing, out / "work.bundle")
        bundle_ref: BlobRef | None = await self._blobs.put(bundle) if bundle else None
        access_log = await asyncio.to_thread(_read_or_nothing, log)
        return AgentResult(
            verdict=verdict,
            text=await store(self._blobs, text),
            outbox=tuple(outbox),
            bundle=bundle_ref,
            work_error=(exit_status.work_error or "")[-1000:],
            uncommitted=exit_status.uncommitted,
            notes=left.notes,
            blocked=await asyncio.to_thread(blocked_requests, access_log),
        )


class _Watch:
    """Follows one sandbox, and ends it when the user says so. Its limits it keeps itself, on its own clock: a worker
    that was away for hours must not take an agent that has long ended for one that runs too long."""

    def __init__(self, sandboxes: Sandboxes, agent: Agent, ref: SandboxRef) -> None:
        self._sandboxes = sandboxes
        self._agent = agent
        self._ref = ref
        self._offset = 0
        self._ending: asyncio.Task[None] | None = None
        self.progress = AgentProgress()

    @property
    def stopped(self) -> bool:
        """True once the user's stop was passed on."""
        return self._ending is not None

    async def to_the_end(self) -> ExitStatus:
        """Return how the command ended. Detaches, and leaves the agent running, when only this worker has to go."""
        while True:
            try:
                return await self._follow()
            except asyncio.CancelledError:
                await self._stop_or_detach()

    async def _follow(self) -> ExitStatus:
        async for chunk in self._sandboxes.follow(self._ref, self._offset):
            if chunk.data:
                self.progress = self._agent.progress(self.progress, chunk.data)
                self._offset = chunk.offset + len(chunk.data)
            self._heartbeat()
            if chunk.exit is not None:
                return chunk.exit
        raise ApplicationError("the sandbox's output ended without an exit status", type=str(TaskOutcome.SANDBOX_LOST))

    def _heartbeat(self) -> None:
        """A hint for whoever looks; nothing depends on it."""
        usage = self.progress.usage
        activity.heartbeat(
            {
                "sandbox": self._ref.sandbox_id,
                "offset": self._offset,
                "events": self.progress.events,
                "step": self.progress.last_step,
                "cost_usd": round(usage.cost_usd, 4),
            }
        )

    async def _interrupt_then_kill(self) -> None:
        try:
            await self._sandboxes.signal(self._ref, SandboxSignal.INTERRUPT)
            await asyncio.sleep(GRACE)
        finally:  # an interrupt that did not arrive makes the kill only more needed
            await self._sandboxes.signal(self._ref, SandboxSignal.KILL)

    async def _stop_or_detach(self) -> None:
        """A cancel says what became of this attempt, and only that decides what becomes of the container."""
        details = activity.cancellation_details()
        if details is None or details.cancel_requested or (details.not_found and await _workflow_is_closed()):
            self._ending = self._ending or asyncio.create_task(self._interrupt_then_kill())
            return
        if details.worker_shutdown:
            raise ApplicationError(
                "this worker shuts down; the agent runs on",
                type="WorkerDraining",
                category=ApplicationErrorCategory.BENIGN,
            )
        raise asyncio.CancelledError


async def _workflow_is_closed() -> bool:
    """`not_found` means that this attempt was superseded, or that the workflow was terminated: ask which."""
    info = activity.info()
    if info.workflow_id is None:
        return True
    handle = activity.client().get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
    return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING


def _prompt_text(message: InboundMessage, number: int) -> Text:
    """What a thread's first mail quotes is new to us; later, earlier messages are known and stay cut."""
    return message.uncut if number == 1 and message.uncut is not None else message.text


def _read_or_nothing(path: Path, most: int = ALL_MOST) -> bytes:
    """A file that may be absent, or that the agent may have put something odd in the place of."""
    try:
        return read_regular(path, most=most)
    except OSError:
        return b""

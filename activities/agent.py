"""Start the agent in its sandbox or adopt the one that runs, follow it to its end, bring home what it left.

The container owns the run, this activity only watches: a worker that dies or is replaced costs nothing, the next
attempt finds the container by its id and reads its output again from the start.
"""

import asyncio
import hashlib
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.disk import Quota
from activities.failures import reported, with_detail
from activities.heartbeat import beating
from activities.network_log import blocked_requests
from activities.outbox import ALL_MOST, read_outbox, read_regular
from activities.transcripts import Transcripts
from activities.watch import Watch
from airut.errors import EngineError, NameTaken, NoSpace
from airut.models.agent import AgentCommand, AgentRun
from airut.models.answer_parsing import parse_answer
from airut.models.blob import BlobRef, Text
from airut.models.disk import QuotaState
from airut.models.folders import ThreadFolders
from airut.models.message import Attachment, InboundMessage
from airut.models.outcome import AgentOutcome, LostRun, TaskOutcome
from airut.models.prompt import compose_prompt, compose_rules
from airut.models.question import Answer
from airut.models.sandbox import (
    ExitStatus,
    Limits,
    Mount,
    NetworkSpec,
    SandboxRef,
    SandboxSpec,
    sandbox_id,
)
from airut.models.summary import compose_summary
from airut.models.task import AgentInput, AgentResult
from airut.ports.agent import Agent, Sessions
from airut.ports.blobs import BlobStore
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories
from airut.ports.sandbox import Sandboxes
from airut.ports.texts import fetch, store
from airut.ports.trees import Trees

STDERR_MOST = 2 * 1024**2
"""Bytes; the entrypoint keeps the last MiB."""

POLICY = ".airut/network-allowlist.yaml"

LOST = (EngineError, NameTaken, NoSpace)
"""A sandbox that cannot be made or watched any more; the workflow makes a new one, a few times. An engine that does
not answer at all, or has no address left, is waited for."""

ENDED_BY_ITSELF = frozenset({AgentOutcome.DONE, AgentOutcome.QUESTION})
"""What had come to its end when it was to be interrupted: the end counts."""


class AgentRuns:
    def __init__(
        self,
        folders: ThreadFolders,
        sandboxes: Sandboxes,
        agent: Agent,
        mirror: Mirror,
        blobs: BlobStore,
        repositories: Repositories,
        sessions: Sessions,
        trees: Trees | None = None,
    ) -> None:
        """Without `trees` nobody measures what an agent writes."""
        self._folders = folders
        self._sessions = sessions
        self._trees = trees
        self._transcripts = Transcripts(folders, sessions, blobs)
        self._sandboxes = sandboxes
        self._agent = agent
        self._mirror = mirror
        self._blobs = blobs
        self._repositories = repositories

    @activity.defn
    async def run_agent(self, order: AgentInput) -> AgentResult:
        """A failure carries `LostRun` as its detail once there was something to follow: its costs count."""
        with reported(TaskOutcome.SANDBOX_LOST, final=LOST):
            activity.heartbeat({"step": "starting the sandbox"})
            async with beating():  # a first start can take longer than a heartbeat may stay away
                await self._restore(order)
                ref = await self._sandboxes.start(await self._spec(order))
        quota = self._quota(order)
        watch = Watch(self._sandboxes, self._agent, ref, self._transcripts.keeper(order), quota)
        try:
            return await self._followed(order, ref, watch, quota)
        except ApplicationError as failure:
            raise with_detail(failure, await self._known(order, watch)) from None
        finally:
            if quota is not None:
                await quota.close()

    async def _followed(self, order: AgentInput, ref: SandboxRef, watch: Watch, quota: Quota | None) -> AgentResult:
        with reported(TaskOutcome.SANDBOX_LOST, final=LOST):
            exit_status = await watch.to_the_end()
        with reported(TaskOutcome.SANDBOX_LOST):  # what has ended is adopted again, and never run again for a full disk
            async with beating():
                result = await self._bring_home(order, ref, watch, exit_status)
                return result if watch.full is None or quota is None else await _filled(result, watch.full, quota)

    async def _known(self, order: AgentInput, watch: Watch) -> LostRun:
        progress = watch.progress
        return LostRun(
            usage=progress.usage,
            prompt_taken=await self._holds(order, progress.first_answer),
            transcript=watch.keeper.newest,
            ran_s=watch.watched_s,
        )

    async def _holds(self, order: AgentInput, answer: str | None) -> bool:
        """Whether the session knows this answer of the agent's, and so all that came before it."""
        home = self._folders.of(order.task.thread).home
        return answer is not None and await asyncio.to_thread(self._sessions.holds, home, session_of(order), answer)

    def _quota(self, order: AgentInput) -> Quota | None:
        if self._trees is None:
            return None
        limit = self._repositories.limits(order.task.repo).disk
        return Quota(self._trees, self._folders.of(order.task.thread), limit)

    async def _restore(self, order: AgentInput) -> None:
        """Put the stored transcript in the place of a broken one, once: by a later attempt the agent may be writing."""
        marker = self._folders.of(order.task.thread).task(order.task.number, order.attempt) / "restored"
        if order.restore is None or marker.exists():
            return
        await self._transcripts.restore(order.task.thread, session_of(order), order.restore)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()

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
            limits=_limits(self._repositories.limits(repo), order),
            job=hashlib.sha256(order.model_dump_json().encode()).hexdigest(),
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
        claude_md = await self._file_of(task.repo, order.policy.commit, "CLAUDE.md")
        run = AgentRun(
            session_id=session_of(order),
            prompt=await self._prompt(order),
            system_prompt=compose_rules(settings.system_prompt, claude_md),
            model=task.hints.model or settings.model,
            effort=task.hints.effort or settings.effort,
            max_turns=settings.max_turns,
            home=self._folders.of(task.thread).home,
            budget_usd=order.budget_usd,
            question=order.question,
            answer=await self._answer(order),
            plan_approval=order.plan_approval,
            compact=order.compact,
        )
        return self._agent.command(run)

    async def _prompt(self, order: AgentInput) -> str:
        task = order.task
        told = task.messages if order.tell else ()
        texts = [(message, await fetch(self._blobs, _prompt_text(message, task.number))) for message in told]
        note = order.resume_note
        if order.summary:
            note = await self._summary(order)
        return compose_prompt(tuple(texts), order.inbox, note)

    async def _summary(self, order: AgentInput) -> str:
        """What is known of a session that cannot be gone on with."""
        task = order.task
        replies = [(await self._blobs.get(ref)).decode(errors="replace") for ref in task.begun.replies]
        goal = await fetch(self._blobs, task.begun.goal) if task.begun.goal else ""
        return compose_summary(goal=goal, replies=tuple(replies), branch=task.branch, pull_request=task.pull_request)

    async def _answer(self, order: AgentInput) -> Answer | None:
        if order.question is None or order.answered_by is None:
            return order.answer
        message = order.answered_by
        text = await fetch(self._blobs, message.text)
        return parse_answer(order.question, text, message.author, message.sent_at)

    async def _file_of(self, repo: str, commit: str, path: str) -> str | None:
        """A text file of the default branch, from the host's mirror; never from the agent's workspace."""
        files = await self._mirror.read_tree(repo, commit, path)
        return files[0].content.decode(errors="replace") if files else None

    async def _bring_home(
        self, order: AgentInput, ref: SandboxRef, watch: Watch, exit_status: ExitStatus
    ) -> AgentResult:
        out, log = ref.folder / "out", ref.folder / "log" / "network.jsonl"
        stderr = await asyncio.to_thread(_read_or_nothing, out / "stderr", STDERR_MOST)
        verdict = self._agent.verdict(watch.progress, exit_status, stderr.decode(errors="replace"))
        if not verdict.prompt_taken:  # of an agent that was killed
            held = await self._holds(order, watch.progress.first_answer)
            verdict = verdict.model_copy(update={"prompt_taken": held})
        if watch.stopped and verdict.outcome not in ENDED_BY_ITSELF:
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
            transcript=await watch.keeper.keep(),
            ran_s=exit_status.duration_s,
            blocked=await asyncio.to_thread(blocked_requests, access_log),
        )


async def _filled(result: AgentResult, full: QuotaState, quota: Quota) -> AgentResult:
    """The result of an agent that was ended for what it had written, unless it ended by itself."""
    if result.verdict.outcome in ENDED_BY_ITSELF:
        return result
    detail = full.told(await quota.largest())
    verdict = result.verdict.model_copy(update={"outcome": AgentOutcome.DISK_FULL, "detail": detail})
    return result.model_copy(update={"verdict": verdict})


def session_of(order: AgentInput) -> str:
    return order.session_id or order.task.session_id


def _limits(limits: Limits, order: AgentInput) -> Limits:
    """A task's time is that of all its sandboxes together."""
    return limits if order.time_left_s is None else limits.model_copy(update={"time": order.time_left_s})


def _prompt_text(message: InboundMessage, number: int) -> Text:
    """What a thread's first mail quotes is new to us; later, earlier messages are known and stay cut."""
    return message.uncut if number == 1 and message.uncut is not None else message.text


def _read_or_nothing(path: Path, most: int = ALL_MOST) -> bytes:
    """A file that may be absent, or that the agent may have put something odd in the place of."""
    try:
        return read_regular(path, most=most)
    except OSError:
        return b""

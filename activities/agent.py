"""Start the agent in its sandbox or adopt the one that runs, follow it to its end, bring home what it left.

The container owns the run, this activity only watches: a worker that dies or is replaced costs nothing, the next
attempt finds the container by its id and reads its output again from the start.
"""

import asyncio
import hashlib
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.cancels import Cancels
from activities.disk import Quota
from activities.failures import reported, with_detail
from activities.heartbeat import beating
from activities.homecoming import EndedRun, Homecoming
from activities.rotation import Rotation
from activities.running_agent import RunningAgent
from activities.transcripts import Transcripts, session_of
from activities.watch import Frozen, Watch
from airut.errors import EngineError, NameTaken, NoSpace, PolicyInvalid
from airut.models.blob import Text
from airut.models.credentials.redaction import Redactor
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sandbox import (
    Limits,
    Mount,
    NetworkSpec,
    SandboxRef,
    SandboxSignal,
    SandboxSpec,
    sandbox_id,
)
from airut.models.policy import claude_settings
from airut.models.policy.agent_files import FOLDER, AgentFiles, read_agent_files
from airut.models.questions.answer_parsing import parse_answer
from airut.models.questions.question import Answer
from airut.models.tasks.agent import NOTICES, AgentCommand, AgentRun
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.prompt import compose_prompt, compose_rules
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.summary import compose_summary
from airut.models.tasks.task import AgentResult
from airut.models.threads.message import InboundMessage
from airut.models.values.located import PolicyErrors
from airut.ports.agent import Agent, Sessions
from airut.ports.blobs import BlobStore
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories
from airut.ports.sandbox import Renewals, Sandboxes
from airut.ports.texts import fetch
from airut.ports.trees import Trees

POLICY = ".airut/network-allowlist.yaml"

LOST = (EngineError, NameTaken, NoSpace)
"""A sandbox that cannot be made or watched any more; the workflow makes a new one, a few times. An engine that does
not answer at all, or has no address left, is waited for."""

START_MOST = 20.0
"""Seconds that a start goes on after a stop. To adopt what runs, or has ended, takes less than one, and a usual start a
few: its agent is ended at once. Only a host's first one takes minutes, and is broken off."""


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
        renewals: Renewals | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        """Without `trees` nobody measures what an agent writes; without `renewals` a running sandbox keeps the
        credentials that it was started with. What `redactor` knows is taken out of all that an agent says."""
        self._redactor = redactor or Redactor()
        self._renewals = renewals
        self._folders = folders
        self._trees = trees
        self._transcripts = Transcripts(folders, sessions, blobs)
        self._home = Homecoming(folders, agent, sessions, blobs, self._redactor)
        self._sandboxes = sandboxes
        self._agent = agent
        self._mirror = mirror
        self._blobs = blobs
        self._repositories = repositories

    @activity.defn
    async def run_agent(self, order: AgentInput) -> AgentResult:
        """A failure carries `LostRun` as its detail once there was something to follow: its costs count."""
        cancels, keeper = Cancels("the agent", stop=order.end), self._transcripts.keeper(order)
        with reported(TaskOutcome.SANDBOX_LOST, final=LOST):
            begun = {"step": "starting the sandbox", "transcript": keeper.told}
            activity.heartbeat(begun)
            async with beating(begun):  # a first start can take longer than a heartbeat may stay away
                ref = await cancels.outlasted(self._begun(order), patience=START_MOST)
        quota, rotation = self._quota(order), self._rotation(order, ref)
        run = RunningAgent(self._agent, keeper, self._notices(order), quota, rotation, self._redactor)
        watch = Watch(self._sandboxes, ref, run, cancels)
        try:
            with reported(TaskOutcome.SANDBOX_LOST, final=LOST):
                try:
                    exit_status = await watch.to_the_end()
                except Frozen:
                    return await self._home.frozen(run)
            with reported(TaskOutcome.SANDBOX_LOST):  # it has ended: adopted again, and never run again for a full disk
                async with beating(run.step):
                    return await cancels.outlasted(self._home.brought(order, EndedRun(ref, run, watch, exit_status)))
        except ApplicationError as failure:
            if failure.category is ApplicationErrorCategory.BENIGN:  # it goes on
                raise
            raise with_detail(failure, await self._home.known(order, run, watch.watched_s)) from None
        finally:
            if quota is not None:
                await quota.close()
            if rotation is not None:
                await rotation.close()

    def _notices(self, order: AgentInput) -> Path:
        return self._folders.of(order.task.thread).task(order.task.number, order.attempt) / "notices"

    async def _begun(self, order: AgentInput) -> SandboxRef:
        self._notices(order).mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._restore(order)
        ref = await self._sandboxes.start(await self._spec(order))
        if ref.adopted:  # whatever froze it, also a worker that has died since: somebody looks after it again
            await self._sandboxes.signal(ref, SandboxSignal.THAW)
        return ref

    def _quota(self, order: AgentInput) -> Quota | None:
        if self._trees is None:
            return None
        limit = self._repositories.limits(order.task.repo).disk
        return Quota(self._trees, self._folders.of(order.task.thread), limit)

    def _rotation(self, order: AgentInput, ref: SandboxRef) -> Rotation | None:
        if self._renewals is None:
            return None
        repo, thread = order.task.repo, order.task.thread
        return Rotation(
            self._renewals, self._repositories, ref.sandbox_id, repo=repo, thread=thread, account=order.account
        )

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
        secrets = await asyncio.to_thread(
            self._repositories.secrets, repo, task.thread, account=order.account, fresh=True
        )
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
            files={**secrets.files, **command.files},
            environment={**secrets.environment, **command.environment},
            mounts=(
                Mount(source=folders.workspace, target="/workspace", writable=True),
                Mount(source=folders.inbox, target="/inbox"),
                Mount(source=self._notices(order), target=NOTICES),
                Mount(source=folders.outbox, target="/outbox", writable=True),
                Mount(source=folders.storage, target="/storage", writable=True),
                Mount(source=folders.home, target="/home/agent/.claude", writable=True),
                Mount(source=settings.binary, target="/opt/claude/claude"),
            ),
            folder=folder,
            base_commit=order.base,
            limits=_limits(self._repositories.limits(repo), order),
            job=hashlib.sha256(order.job.encode()).hexdigest(),
            network=NetworkSpec(
                enabled=settings.fenced,
                allowlist=await self._file_of(repo, order.policy.commit, POLICY),
                repository=settings.slug,
                granted_presets=settings.granted_presets,
                model_endpoint=settings.model_endpoint,
                model_hosts=settings.model_hosts,
                credentials=secrets.credentials,
                upstream_dns=settings.upstream_dns,
                private_ranges=settings.private_ranges,
                extra_ca_files=settings.extra_ca_files,
            ),
        )

    async def _command(self, order: AgentInput) -> AgentCommand:
        task, settings = order.task, self._repositories.agent(order.task.repo)
        claude_md = await self._file_of(task.repo, order.policy.commit, "CLAUDE.md")
        theirs = await self._agent_files(task.repo, order.policy.commit)
        run = AgentRun(
            session_id=session_of(order),
            prompt=await self._prompt(order),
            system_prompt=compose_rules(settings.system_prompt, claude_md, theirs.system_prompt),
            model=task.hints.model or settings.model,
            effort=task.hints.effort or settings.effort,
            max_turns=settings.max_turns,
            settings=claude_settings.united(theirs.settings, settings.settings),
            mcp_servers={**theirs.mcp_servers, **settings.mcp_servers},
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
        contexts = {message.key: await fetch(self._blobs, message.context) for message in told if message.context}
        return compose_prompt(tuple(texts), order.inbox, note, contexts)

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

    async def _agent_files(self, repo: str, commit: str) -> AgentFiles:
        """Raises: PolicyInvalid"""
        try:
            return read_agent_files({f.path: f.content for f in await self._mirror.read_tree(repo, commit, FOLDER)})
        except PolicyErrors as error:
            raise PolicyInvalid(str(error)) from error

    async def _file_of(self, repo: str, commit: str, path: str) -> str | None:
        """A text file of the default branch, from the host's mirror; never from the agent's workspace."""
        files = await self._mirror.read_tree(repo, commit, path)
        return files[0].content.decode(errors="replace") if files else None


def _limits(limits: Limits, order: AgentInput) -> Limits:
    """A task's time is that of all its sandboxes together."""
    time = limits.time if order.time_left_s is None else order.time_left_s
    return limits.model_copy(update={"time": time, "freeze": order.freeze_s})


def _prompt_text(message: InboundMessage, number: int) -> Text:
    """What a thread's first mail quotes is new to us; later, earlier messages are known and stay cut."""
    return message.uncut if number == 1 and message.uncut is not None else message.text

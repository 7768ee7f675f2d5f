"""Run a schedule's command in a sandbox of its own, before there is any thread (spec: lifecycle §14, trigger).

As with the agent, the container owns the run: a worker that dies costs nothing, the next attempt adopts it.
"""

import asyncio
from collections.abc import AsyncIterator

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.agent import LOST, POLICY, START_MOST
from activities.archive import remove_thread
from activities.cancels import Cancels
from activities.failures import reported
from activities.heartbeat import beating
from activities.outbox import STDERR_MOST, read_or_nothing
from activities.rotation import Rotation
from activities.watch import Watch
from airut.models.credentials.redaction import Redactor
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sandbox import (
    ExitStatus,
    LimitHit,
    Mount,
    NetworkSpec,
    OutputChunk,
    SandboxRef,
    SandboxSignal,
    SandboxSpec,
    sandbox_id,
)
from airut.models.schedules.firing import TriggerCleanUp, TriggerInput, TriggerResult
from airut.models.schedules.trigger_prompt import CommandEnd, compose_trigger_prompt
from airut.models.tasks.outcome import TaskOutcome
from airut.models.values.durations import spoken_duration
from airut.ports.blobs import BlobStore
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories
from airut.ports.sandbox import Renewals, Sandboxes
from airut.ports.texts import store
from airut.ports.trees import Trees

GRACE = 10.0
"""Seconds that an interrupted command has (spec: lifecycle §6); then everything in its sandbox is killed."""


class Triggers:
    def __init__(
        self,
        folders: ThreadFolders,
        sandboxes: Sandboxes,
        trees: Trees,
        mirror: Mirror,
        blobs: BlobStore,
        repositories: Repositories,
        renewals: Renewals | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self._renewals = renewals
        self._redactor = redactor or Redactor()
        self._folders = folders
        self._sandboxes = sandboxes
        self._trees = trees
        self._mirror = mirror
        self._blobs = blobs
        self._repositories = repositories

    @activity.defn
    async def run_trigger(self, order: TriggerInput) -> TriggerResult:
        cancels = Cancels("the command")
        with reported(TaskOutcome.SANDBOX_LOST, final=LOST):
            activity.heartbeat({"step": "starting the sandbox"})
            async with beating():
                ref = await cancels.outlasted(self._begun(order), patience=START_MOST)
            rotation = self._rotation(order, ref)
            command = _Command(order.output_limit, rotation)
            watch = Watch(self._sandboxes, ref, command, cancels)
            try:
                exit_status = await watch.to_the_end()
            finally:
                if rotation is not None:
                    await rotation.close()
            if watch.stopped:
                raise ApplicationError("stopped", type=str(TaskOutcome.STOPPED), non_retryable=True)
        with reported(TaskOutcome.SANDBOX_LOST):
            async with beating():
                return await cancels.outlasted(self._result(order, ref, command, exit_status))

    async def _begun(self, order: TriggerInput) -> SandboxRef:
        return await self._sandboxes.start(await self._spec(order))

    def _rotation(self, order: TriggerInput, ref: SandboxRef) -> Rotation | None:
        if self._renewals is None:
            return None
        return Rotation(self._renewals, self._repositories, ref.sandbox_id, repo=order.repo, thread=order.folder)

    async def _result(
        self, order: TriggerInput, ref: SandboxRef, command: "_Command", exit_status: ExitStatus
    ) -> TriggerResult:
        end = CommandEnd(
            command=order.command,
            code=exit_status.code,
            ended_for=_ended_for(exit_status, order),
            stdout=bytes(command.head),
            stdout_size=command.size,
            stderr=await asyncio.to_thread(read_or_nothing, ref.folder / "out" / "stderr", STDERR_MOST),
        )
        prompt = compose_trigger_prompt(order.name, end, order.output_limit)
        kept = None if prompt is None else await store(self._blobs, self._redactor.text(prompt))
        return TriggerResult(code=exit_status.code, prompt=kept)

    @activity.defn
    async def clean_up_trigger(self, order: TriggerCleanUp) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                for attempt in range(1, order.attempts + 1):
                    await self._sandboxes.remove(sandbox_id(f"{order.folder}/task-1", attempt))
                await remove_thread(self._folders, self._trees, order.folder)

    async def _spec(self, order: TriggerInput) -> SandboxSpec:
        folders, settings = self._folders.of(order.folder), self._repositories.agent(order.repo)
        secrets = await asyncio.to_thread(self._repositories.secrets, order.repo, order.folder, fresh=True)
        policy = await self._mirror.read_tree(order.repo, order.policy.commit, POLICY)
        # Silence is no fault of a command, so its own limit is the only one of time.
        limits = self._repositories.limits(order.repo).model_copy(
            update={"time": order.timeout_s, "idle": order.timeout_s + 60}
        )
        return SandboxSpec(
            sandbox_id=sandbox_id(order.task, order.attempt),
            thread=order.folder,
            task=order.task,
            attempt=order.attempt,
            repo=order.repo,
            image=order.image,
            command=order.command,
            stdin="",
            environment=secrets.environment,
            files=secrets.files,
            mounts=(Mount(source=folders.workspace, target="/workspace", writable=True),),
            folder=folders.task(1, order.attempt),
            limits=limits,
            network=NetworkSpec(
                enabled=settings.fenced,
                allowlist=policy[0].content.decode(errors="replace") if policy else None,
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


class _Command:
    """Implements `activities.watch.Watched`: keeps the head of what the command says."""

    def __init__(self, most: int, rotation: Rotation | None) -> None:
        self._most = most
        self._rotation = rotation
        self.head = bytearray()
        self.size = 0
        """Bytes of output in all."""

    def take(self, chunk: OutputChunk) -> None:
        self.head += chunk.data[: self._most - len(self.head)]
        self.size = chunk.offset + len(chunk.data)

    @property
    def step(self) -> dict[str, object]:
        return {}

    async def tend(self) -> bool:
        if self._rotation is not None:
            self._rotation.look()
        return False

    async def signals(self) -> AsyncIterator[SandboxSignal]:
        yield SandboxSignal.INTERRUPT
        await asyncio.sleep(GRACE)


def _ended_for(status: ExitStatus, order: TriggerInput) -> str:
    """Why the command was ended from outside, in words."""
    if status.limit is LimitHit.TIME:
        return f"its time limit of {spoken_duration(order.timeout_s)} was reached"
    if status.limit is not None:
        return f"the sandbox's limit of {status.limit} was reached"
    return "it ran out of memory" if status.oom_killed else ""

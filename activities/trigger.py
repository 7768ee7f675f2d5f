"""Run a schedule's command in a sandbox of its own, before there is any thread (spec: lifecycle §14, trigger).

As with the agent, the container owns the run: a worker that dies costs nothing, the next attempt adopts it.
"""

import asyncio
from pathlib import Path

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.agent import LOST, POLICY
from activities.archive import remove_thread
from activities.failures import reported
from activities.heartbeat import beating
from activities.outbox import read_regular
from airut.models.durations import spoken_duration
from airut.models.firing import TriggerCleanUp, TriggerInput, TriggerResult
from airut.models.folders import ThreadFolders
from airut.models.outcome import TaskOutcome
from airut.models.sandbox import (
    ExitStatus,
    LimitHit,
    Mount,
    NetworkSpec,
    SandboxRef,
    SandboxSignal,
    SandboxSpec,
    sandbox_id,
)
from airut.models.trigger_prompt import CommandEnd, compose_trigger_prompt
from airut.ports.blobs import BlobStore
from airut.ports.git import Mirror
from airut.ports.repositories import Repositories
from airut.ports.sandbox import Sandboxes
from airut.ports.texts import store
from airut.ports.trees import Trees

GRACE = 10.0
"""Seconds that an interrupted command has (spec: lifecycle §6); then everything in its sandbox is killed."""

STDERR_MOST = 2 * 1024**2
"""Bytes; the entrypoint keeps the last MiB."""


class Triggers:
    def __init__(
        self,
        folders: ThreadFolders,
        sandboxes: Sandboxes,
        trees: Trees,
        mirror: Mirror,
        blobs: BlobStore,
        repositories: Repositories,
    ) -> None:
        self._folders = folders
        self._sandboxes = sandboxes
        self._trees = trees
        self._mirror = mirror
        self._blobs = blobs
        self._repositories = repositories

    @activity.defn
    async def run_trigger(self, order: TriggerInput) -> TriggerResult:
        with reported(TaskOutcome.SANDBOX_LOST, final=LOST):
            activity.heartbeat({"step": "starting the sandbox"})
            async with beating():
                ref = await self._sandboxes.start(await self._spec(order))
            watch = _Watch(self._sandboxes, ref, order.output_limit)
            exit_status = await watch.to_the_end()
            if watch.stopped:
                raise ApplicationError("stopped", type=str(TaskOutcome.STOPPED), non_retryable=True)
        with reported(TaskOutcome.SANDBOX_LOST):
            end = CommandEnd(
                command=order.command,
                code=exit_status.code,
                ended_for=_ended_for(exit_status, order),
                stdout=bytes(watch.head),
                stdout_size=watch.size,
                stderr=await asyncio.to_thread(_read_or_nothing, ref.folder / "out" / "stderr"),
            )
            prompt = compose_trigger_prompt(order.name, end, order.output_limit)
            kept = None if prompt is None else await store(self._blobs, prompt)
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
        secrets = self._repositories.secrets(order.repo, order.folder)
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
            mounts=(Mount(source=folders.workspace, target="/workspace", writable=True),),
            folder=folders.task(1, order.attempt),
            limits=limits,
            network=NetworkSpec(
                allowlist=policy[0].content.decode(errors="replace") if policy else None,
                repository=settings.slug,
                granted_presets=settings.granted_presets,
                credentials=secrets.credentials,
                upstream_dns=settings.upstream_dns,
                private_ranges=settings.private_ranges,
                extra_ca_files=settings.extra_ca_files,
            ),
        )


class _Watch:
    """Follows one command, keeps the head of what it says, and ends it when somebody says so."""

    def __init__(self, sandboxes: Sandboxes, ref: SandboxRef, most: int) -> None:
        self._sandboxes = sandboxes
        self._ref = ref
        self._most = most
        self._offset = 0
        self._ending: asyncio.Task[None] | None = None
        self.head = bytearray()

    @property
    def size(self) -> int:
        """Bytes of output in all."""
        return self._offset

    @property
    def stopped(self) -> bool:
        return self._ending is not None

    async def to_the_end(self) -> ExitStatus:
        """Return how the command ended. Detaches, and leaves it running, when only this worker has to go."""
        while True:
            try:
                return await self._follow()
            except asyncio.CancelledError:
                await self._stop_or_detach()

    async def _follow(self) -> ExitStatus:
        async for chunk in self._sandboxes.follow(self._ref, self._offset):
            if chunk.data:
                self.head += chunk.data[: self._most - len(self.head)]
                self._offset = chunk.offset + len(chunk.data)
            activity.heartbeat({"sandbox": self._ref.sandbox_id, "offset": self._offset})
            if chunk.exit is not None:
                return chunk.exit
        raise ApplicationError("the sandbox's output ended without an exit status", type=str(TaskOutcome.SANDBOX_LOST))

    async def _stop_or_detach(self) -> None:
        """A cancel says what became of this attempt, and only that decides what becomes of the container."""
        details = activity.cancellation_details()
        if details is None or details.cancel_requested or (details.not_found and await _workflow_is_closed()):
            self._ending = self._ending or asyncio.create_task(self._interrupt_then_kill())
            return
        if details.worker_shutdown:
            raise ApplicationError(
                "this worker shuts down; the command runs on",
                type="WorkerDraining",
                category=ApplicationErrorCategory.BENIGN,
            )
        raise asyncio.CancelledError

    async def _interrupt_then_kill(self) -> None:
        try:
            await self._sandboxes.signal(self._ref, SandboxSignal.INTERRUPT)
            await asyncio.sleep(GRACE)
        finally:  # an interrupt that did not arrive makes the kill only more needed
            await self._sandboxes.signal(self._ref, SandboxSignal.KILL)


async def _workflow_is_closed() -> bool:
    """`not_found` means that this attempt was superseded, or that the workflow was terminated: ask which."""
    info = activity.info()
    if info.workflow_id is None:
        return True
    handle = activity.client().get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
    return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING


def _ended_for(status: ExitStatus, order: TriggerInput) -> str:
    """Why the command was ended from outside, in words."""
    if status.limit is LimitHit.TIME:
        return f"its time limit of {spoken_duration(order.timeout_s)} was reached"
    if status.limit is not None:
        return f"the sandbox's limit of {status.limit} was reached"
    return "it ran out of memory" if status.oom_killed else ""


def _read_or_nothing(path: Path) -> bytes:
    try:
        return read_regular(path, most=STDERR_MOST)
    except OSError:
        return b""

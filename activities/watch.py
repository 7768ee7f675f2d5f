"""Following one sandbox: its output as it comes, its end, and what a cancel means for it."""

import asyncio
import time
from datetime import timedelta

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError

from activities.disk import Quota
from activities.transcripts import Keeper
from airut import contracts
from airut.models.agent import AgentProgress
from airut.models.disk import QuotaState
from airut.models.outcome import TaskOutcome
from airut.models.sandbox import ExitStatus, SandboxRef, SandboxSignal
from airut.models.task import EndIntent
from airut.ports.agent import Agent
from airut.ports.sandbox import Sandboxes

LAST_GRACE = 15.0
"""Seconds from SIGTERM to the kill of the whole container. Its entrypoint kills the agent 10 s after SIGTERM, and then
bundles what was committed."""

AT_ONCE = EndIntent(tool_grace_s=0.0, kill_after_s=10.0)
"""What an agent is granted whose workflow cannot be asked any more."""

ASKED = timedelta(seconds=5)
"""For the question what a cancel means: a busy control worker answers within a second, and a stop must not wait."""


class Watch:
    """Follows one sandbox, and ends it when the user says so. Its limits it keeps itself, on its own clock: a worker
    that was away for hours must not take an agent that has long ended for one that runs too long."""

    def __init__(
        self, sandboxes: Sandboxes, agent: Agent, ref: SandboxRef, keeper: Keeper, quota: Quota | None = None
    ) -> None:
        self._sandboxes = sandboxes
        self._agent = agent
        self._ref = ref
        self.keeper = keeper
        self._quota = quota
        self.disk = QuotaState()
        self._offset = 0
        self._ending: asyncio.Task[None] | None = None
        self._filled = False
        self.progress = AgentProgress()
        self.watched_s = 0.0
        """Seconds until it ended or was lost."""

    @property
    def stopped(self) -> bool:
        """True once the user's stop was passed on."""
        return self._ending is not None and not self._filled

    @property
    def full(self) -> QuotaState | None:
        """Set when the agent was ended for what it had written."""
        return self.disk if self._filled else None

    async def to_the_end(self) -> ExitStatus:
        """Return how the command ended. Detaches, and leaves the agent running, when only this worker has to go."""
        while True:
            try:
                return await self._follow()
            except asyncio.CancelledError:
                await self._stop_or_detach()

    async def _follow(self) -> ExitStatus:
        began = time.monotonic() - self.watched_s
        try:
            async for chunk in self._sandboxes.follow(self._ref, self._offset):
                if chunk.data:
                    self.progress = self._agent.progress(self.progress, chunk.data)
                    self._offset = chunk.offset + len(chunk.data)
                self._heartbeat()
                self.keeper.keep_now_and_then()
                await self._look_at_the_disk()
                if chunk.exit is not None:
                    return chunk.exit
        finally:
            self.watched_s = time.monotonic() - began
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
                "disk": self.disk.used,
                "transcript": self.keeper.newest.model_dump() if self.keeper.newest else None,
            }
        )

    async def _look_at_the_disk(self) -> None:
        if self._quota is None or self._ending is not None:
            return
        self.disk = await self._quota.look()
        if self.disk.full:
            self._filled = True
            self._ending = asyncio.create_task(self._end(AT_ONCE))

    async def _end(self, granted: EndIntent | None = None) -> None:
        """Interrupt the agent, then terminate it, then kill it, as its thread grants: the entrypoint ends the agent and
        still bundles what was committed, and only what does not even do that is killed with everything."""
        signal, intent = self._sandboxes.signal, granted or await _intent()
        try:
            await self._between_tools(intent.tool_grace_s)
            await signal(self._ref, SandboxSignal.INTERRUPT)
            await asyncio.sleep(intent.kill_after_s)
            await signal(self._ref, SandboxSignal.TERMINATE)
            await asyncio.sleep(LAST_GRACE)
        finally:  # an interrupt that did not arrive makes the kill only more needed
            await signal(self._ref, SandboxSignal.KILL)

    async def _between_tools(self, seconds: float) -> None:
        """A paused agent may finish the tool call that it has in hand."""
        until = asyncio.get_running_loop().time() + seconds
        while self.progress.in_tool and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110  # nobody tells us
            await asyncio.sleep(0.1)

    async def _stop_or_detach(self) -> None:
        """A cancel says what became of this attempt, and only that decides what becomes of the container."""
        details = activity.cancellation_details()
        if details is None or details.cancel_requested or (details.not_found and await _workflow_is_closed()):
            self._ending = self._ending or asyncio.create_task(self._end())
            return
        if details.worker_shutdown:
            raise ApplicationError(
                "this worker shuts down; the agent runs on",
                type="WorkerDraining",
                category=ApplicationErrorCategory.BENIGN,
            )
        raise asyncio.CancelledError


def _workflow() -> WorkflowHandle[object, object] | None:
    info = activity.info()
    if info.workflow_id is None:
        return None
    return activity.client().get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)


async def _workflow_is_closed() -> bool:
    """`not_found` means that this attempt was superseded, or that the workflow was terminated: ask which."""
    handle = _workflow()
    return handle is None or (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING


async def _intent() -> EndIntent:
    try:
        handle = _workflow()
    except RuntimeError:  # an activity without a client, as in a test of its own
        return AT_ONCE
    if handle is None:
        return AT_ONCE
    try:
        intent: EndIntent = await handle.query(contracts.INTENT, result_type=EndIntent, rpc_timeout=ASKED)
    except RPCError:
        return AT_ONCE
    return intent

"""Where a paused agent stands still in its sandbox, in the middle of what it does (spec: sandbox §5.1)."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.tasks.steps import AgentInput
    from airut.models.tasks.task import AgentResult, TaskStep
    from airut.models.threads.notices import TIMED
    from airut.models.threads.steering import TaskOrder
    from workflows import options
    from workflows.flow import Flow
    from workflows.gathered import Gathered


class Freezes:
    """Belongs to one open task. A freeze holds the sandbox with its proxy, and no worker and no place on its host: what
    becomes of it is decided here, whatever happens to the processes of that host meanwhile."""

    def __init__(self, flow: Flow, gathered: Gathered) -> None:
        self._flow = flow
        self._gathered = gathered

    async def run(self, order: AgentInput, left: float) -> AgentResult:
        """The run to its end, which has `left` seconds, however often it is frozen and thawed.

        Raises:
            HostGone, ActivityError
        """
        flow = self._flow
        flow.freeze_left_s = order.freeze_s
        while True:
            config = self._options(left, ends=order.end)
            agent = await flow.placement.run_agent(stubs.run_agent, order, config, flow.steering, ends=order.end)
            if not agent.frozen:
                return agent
            self._gathered.of_frozen(agent)
            if not await self._until_resumed():
                order = order.model_copy(update={"end": True})

    def _options(self, seconds: float, *, ends: bool) -> ActivityConfig:
        flow = self._flow
        # An agent that is to end does not wait for a place: it gives back memory that others may lack.
        queue = (contracts.host_queue if ends else contracts.agent_queue)(flow.placement.host or "")
        config = options.at(options.AGENT, queue, f"Claude Code, sandbox {flow.attempt}", flow.task.repo)
        config["activity_id"] = f"agent-{flow.attempt}"  # predictable, so that operators can pause it by name
        # The sandbox holds the limit itself; this only ends an activity that no longer watches.
        config["start_to_close_timeout"] = timedelta(seconds=seconds + 300)
        return config

    async def _until_resumed(self) -> bool:
        """True when the agent goes on. False when it is to be ended: it was stopped, its time is over, its host lacks
        memory, or somebody wants no agent left."""
        flow, steering, begun = self._flow, self._flow.steering, workflow.now()
        before = flow.status
        until = begun + timedelta(seconds=flow.freeze_left_s)
        detail = f"by {steering.paused_by}, its agent frozen until {until:{TIMED}}"
        flow.enter(TaskStep.PAUSED, detail, until, frozen=True)
        await flow.tell_thread()
        goes_on = await self._resumed()
        flow.freeze_left_s -= (workflow.now() - begun).total_seconds()
        if goes_on:
            steering.pause_is_over()
            flow.enter(before.step, before.detail)
        else:
            flow.freeze_left_s = 0.0
            flow.enter(before.step, f"{before.detail}, which is interrupted")
        await flow.tell_thread()
        return goes_on

    async def _resumed(self) -> bool:
        flow, steering = self._flow, self._flow.steering
        lacking = flow.placement.low_memory()

        def decided() -> bool:
            return not steering.paused or steering.stopped or not steering.may_freeze or lacking.done()

        try:
            await workflow.wait_condition(
                decided, timeout=timedelta(seconds=flow.freeze_left_s), timeout_summary="a frozen agent"
            )
        except TimeoutError:
            return False
        except asyncio.CancelledError:  # in Temporal
            steering.take(TaskOrder(name="stop", author="Temporal"), workflow.now())
        finally:
            lacking.add_done_callback(_unasked)
            lacking.cancel()
        return not steering.paused and not steering.stopped


def _unasked(ended: asyncio.Future[str]) -> None:
    """Looked at, though nobody wants to know any more: else it stands in the log as an error that was lost."""
    if not ended.cancelled():
        ended.exception()

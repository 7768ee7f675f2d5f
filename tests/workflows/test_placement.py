"""An agent's run that nobody takes: its host is looked after. By a workflow that does nothing else, and soon."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ActivityError
from temporalio.exceptions import TimeoutError as ActivityTimeout
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from tests.support.asking import LIMIT

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.tasks.steps import HostResult
    from airut.models.threads.steering import TaskOrder
    from workflows import options
    from workflows.placement import HostGone, Placement, was_interrupted
    from workflows.steering import Steering

SOON = timedelta(seconds=1)


@activity.defn
async def run_agent(order: str) -> str:
    return f"{order} has run"


@activity.defn
async def ping_host() -> HostResult:
    return HostResult(host="here")


@workflow.defn(sandboxed=False)
class OneRun:
    """Places one run on a host, and returns how that came out."""

    def __init__(self) -> None:
        self.steering = Steering()

    @workflow.signal
    def steer(self, order: TaskOrder) -> None:
        self.steering.take(order, workflow.now())

    @workflow.run
    async def run(self, host: str, lost_after_s: float | None) -> str:
        placement = Placement("web", host, lost_after_s, presence=SOON)
        config = options.at(options.ACKNOWLEDGE, contracts.agent_queue(host), "a run", "web")
        try:
            return await placement.run_agent(run_agent, "the agent", config, self.steering)
        except HostGone as gone:
            cause = gone.__cause__.cause if isinstance(gone.__cause__, ActivityError) else None
            told = cause.last_heartbeat_details if isinstance(cause, ActivityTimeout) else ()
            return " with ".join(["the host is gone", *(str(each["transcript"]) for each in told)])
        except ActivityError as error:
            return "interrupted" if was_interrupted(error) else str(error.cause)


@pytest.fixture
def host() -> str:
    return f"h{uuid.uuid4().hex[:8]}"


@asynccontextmanager
async def placed(
    temporal: WorkflowEnvironment, host: str, lost_after_s: float | None
) -> AsyncIterator[WorkflowHandle[OneRun, str]]:
    queue = f"placing-{host}"
    async with Worker(temporal.client, task_queue=queue, workflows=[OneRun]), asyncio.timeout(LIMIT):
        yield await temporal.client.start_workflow(
            OneRun.run, args=[host, lost_after_s], id=f"placing-{host}", task_queue=queue
        )


def serving(temporal: WorkflowEnvironment, queue: str) -> Worker:
    return Worker(temporal.client, task_queue=queue, activities=[run_agent, ping_host])


async def test_a_run_may_queue_for_as_long_as_its_host_is_there(temporal: WorkflowEnvironment, host: str) -> None:
    async with serving(temporal, contracts.host_queue(host)), placed(temporal, host, 3.0) as run:
        await asyncio.sleep(4 * SOON.total_seconds())
        async with serving(temporal, contracts.agent_queue(host)):
            assert await run.result() == "the agent has run"


async def test_a_host_that_goes_in_the_middle_of_a_run_leaves_what_that_told(
    temporal: WorkflowEnvironment, host: str
) -> None:
    """On its last heartbeat: the newest copy of the session."""

    @activity.defn(name="run_agent")
    async def endless(order: str) -> str:
        activity.heartbeat({"transcript": f"the session of {order}"})
        await asyncio.sleep(60)
        return "never"

    async with AsyncExitStack() as stack:  # it serves before anybody waits for it
        queue = contracts.agent_queue(host)
        await stack.enter_async_context(Worker(temporal.client, task_queue=queue, activities=[endless]))
        async with placed(temporal, host, 2.0) as run:
            while not (pending := (await run.describe()).raw_description.pending_activities) or not any(
                each.HasField("heartbeat_details") for each in pending
            ):
                await asyncio.sleep(0.05)
            await stack.aclose()
            assert await run.result() == "the host is gone with the session of the agent"


async def test_a_host_that_answers_nothing_is_gone(temporal: WorkflowEnvironment, host: str) -> None:
    async with placed(temporal, host, 2.0) as run:
        assert await run.result() == "the host is gone"


@pytest.mark.parametrize("name", ["pause", "stop"])
async def test_a_host_that_is_waited_for_can_be_paused_and_stopped(
    temporal: WorkflowEnvironment, host: str, name: str
) -> None:
    async with placed(temporal, host, None) as run:
        await _is_pinged(run)
        await run.signal(OneRun.steer, TaskOrder.model_validate({"name": name, "author": "ann"}))
        assert await run.result() == "interrupted"


async def _is_pinged(run: WorkflowHandle[OneRun, str]) -> None:
    while True:
        pending = (await run.describe()).raw_description.pending_activities
        if any(each.activity_type.name == "ping_host" for each in pending):
            return
        await asyncio.sleep(0.05)

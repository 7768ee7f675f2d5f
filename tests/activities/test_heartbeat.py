"""What Temporal has recorded of an activity's heartbeats, asked by the activity itself."""

import asyncio
import uuid
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from activities.heartbeat import beating, recorded

NOON = {"step": "Bash", "transcript": {"sha256": "0" * 64, "size": 1}}


@activity.defn
async def beats() -> list[object]:
    """What is recorded before, soon after, and in the background."""
    seen: list[object] = [*await recorded()]
    activity.heartbeat("first")
    async with asyncio.timeout(60):
        while not (now := await recorded()):
            await asyncio.sleep(0.05)
        seen += now
        async with beating(NOON):
            while (now := await recorded()) != (NOON,):
                await asyncio.sleep(0.05)
        return [*seen, *now]


@workflow.defn
class Beating:
    @workflow.run
    async def run(self) -> list[object]:
        return await workflow.execute_activity(
            beats, start_to_close_timeout=timedelta(minutes=1), heartbeat_timeout=timedelta(minutes=1)
        )


async def test_the_newest_details_are_found_once_they_are_recorded(temporal: WorkflowEnvironment) -> None:
    queue = f"beats-{uuid.uuid4().hex[:8]}"
    throttle = timedelta(seconds=0.2)
    async with Worker(
        temporal.client,
        task_queue=queue,
        workflows=[Beating],
        activities=[beats],
        max_heartbeat_throttle_interval=throttle,
    ):
        assert await temporal.client.execute_workflow(Beating.run, id=queue, task_queue=queue) == ["first", NOON]


async def test_an_activity_that_has_no_server_finds_nothing() -> None:
    assert await ActivityEnvironment().run(recorded) == ()

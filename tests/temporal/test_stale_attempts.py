"""What a dead process held is failed, and nothing else is."""

import asyncio
import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from airut.temporal.leases import Leases
from airut.temporal.stale_attempts import StaleAttempt, fail_stale_attempts

LONG = timedelta(minutes=10)


over = asyncio.Event()


@activity.defn(name="run_agent")
async def agent() -> int:
    """Hangs in its first attempt, until all is over, as in a process that is dead: it hears nothing, and its answer is
    not wanted."""
    if activity.info().attempt == 1:
        await over.wait()
    return activity.info().attempt


@workflow.defn
class Waits:
    """Runs it, and says how it ended; cancelled, it waits for the activity's own end."""

    @workflow.run
    async def run(self) -> str:
        try:
            attempt = await workflow.execute_activity(
                agent,
                activity_id="agent-1",
                start_to_close_timeout=LONG,
                heartbeat_timeout=LONG,
                retry_policy=RetryPolicy(initial_interval=LONG),
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except ActivityError as error:
            return f"{error.cause.type}" if isinstance(error.cause, ApplicationError) else repr(error.cause)
        return f"attempt {attempt}"


class Started:
    def __init__(self, handle: WorkflowHandle[Waits, str], worker: str) -> None:
        self.handle, self.worker = handle, worker

    @property
    def stale(self) -> StaleAttempt:
        return StaleAttempt(
            workflow_id=self.handle.id, activity_id="agent-1", activity="run_agent", attempt=1, worker=self.worker
        )


async def started(temporal: WorkflowEnvironment, name: str, queue: str) -> Started:
    handle = await temporal.client.start_workflow(Waits.run, id=f"waits-{uuid.uuid4().hex[:8]}", task_queue=queue)
    async with asyncio.timeout(60):
        while True:
            pending = (await handle.describe()).raw_description.pending_activities
            if any(found.last_worker_identity == name for found in pending):
                return Started(handle, name)
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_only_what_the_dead_one_held_is_begun_anew_and_only_once(
    temporal: WorkflowEnvironment, tmp_path: Path, cancelled: bool
) -> None:
    queue, (dead, living) = uuid.uuid4().hex, (Leases(tmp_path), Leases(tmp_path))
    names = dead.take("host"), living.take("host")
    found: list[Started] = []
    for name in names:
        over.clear()
        async with Worker(
            temporal.client,
            task_queue=queue,
            workflows=[Waits],
            activities=[agent],
            identity=name,
            graceful_shutdown_timeout=timedelta(seconds=30),
        ):
            found.append(await started(temporal, name, queue))
            assert await fail_stale_attempts(temporal.client, living) == ()
            if name != names[0]:
                await found[1].handle.terminate()
                over.set()
                break
            if cancelled:
                await found[0].handle.cancel()
                async with asyncio.timeout(60):
                    while (await found[0].handle.describe()).raw_description.pending_activities[0].state != 3:
                        await asyncio.sleep(0.05)
            dead.release()
            expected = found[0].stale.model_copy(update={"cancelled": cancelled})
            assert await fail_stale_attempts(temporal.client, living) == (expected,)
            assert await fail_stale_attempts(temporal.client, living) == ()  # the lease is gone
            said = "sandbox_lost" if cancelled else "attempt 2"
            assert await asyncio.wait_for(found[0].handle.result(), 60) == said
            over.set()
    living.release()
    assert os.listdir(tmp_path / "workers") == [f"{names[1]}.lease"]

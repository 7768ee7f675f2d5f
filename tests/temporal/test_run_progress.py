"""How far an agent is, as its heartbeats tell it to whoever asks Temporal."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from airut.models.tasks.agent import PlanItem
from airut.models.tasks.progress import RunProgress
from airut.temporal.run_progress import TemporalRunProgress, told

PLAN = [{"text": "Look", "state": "completed"}, {"text": "Write", "state": "in_progress"}]
TOLD = RunProgress(plan=tuple(PlanItem.model_validate(each) for each in PLAN), step="Bash: make", cost_usd=0.5)


@activity.defn(name="run_agent")
async def agent() -> None:
    while True:
        activity.heartbeat({"offset": 7, "step": "Bash: make", "plan": PLAN, "cost_usd": 0.5})
        await asyncio.sleep(0.05)


@workflow.defn(name="WithAgent", sandboxed=False)
class WithAgent:
    @workflow.run
    async def run(self, queue: str) -> None:
        await workflow.execute_activity(
            "run_agent", task_queue=queue, start_to_close_timeout=timedelta(minutes=5), activity_id="agent-1"
        )


async def test_a_running_agent_is_read_without_an_event(temporal: WorkflowEnvironment) -> None:
    client, queue, task = temporal.client, uuid.uuid4().hex, f"web/slack/{uuid.uuid4().hex}/task-1"
    runs = TemporalRunProgress(client)
    async with Worker(client, task_queue=queue, workflows=[WithAgent]):
        handle = await client.start_workflow("WithAgent", f"{queue}-agents", id=task, task_queue=queue)
        async with asyncio.timeout(60):
            while (found := await runs.of(task)) is None:
                await asyncio.sleep(0.05)
            assert found == RunProgress(begun=False)  # no host has a place for it
            async with Worker(
                client,
                task_queue=f"{queue}-agents",
                activities=[agent],
                max_heartbeat_throttle_interval=timedelta(seconds=0.1),
            ):
                while (found := await runs.of(task)) != TOLD:
                    await asyncio.sleep(0.05)
                events = (await handle.describe()).history_length
                assert await runs.of(task) == TOLD
                assert (await handle.describe()).history_length == events
                await handle.terminate()
        assert await runs.of(task) is None
    assert await runs.of("web/slack/nobody/task-1") is None


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"step": "Bash", "more": 1}, RunProgress(step="Bash")),
        ({"plan": [{"text": "x", "colour": "red"}], "step": "Bash"}, RunProgress()),
        ("starting", RunProgress()),
        (None, RunProgress()),
    ],
)
def test_another_version_tells_what_it_can(details: object, expected: RunProgress) -> None:
    assert told(details) == expected

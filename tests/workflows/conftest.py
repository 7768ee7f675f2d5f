"""Workers with the real workflows and scripted activities."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.firing import Firings
from airut import contracts
from airut.temporal.threads import TemporalThreads
from tests.support.scripted_activities import ScriptedActivities
from workflows.schedule import ScheduledTaskWorkflow
from workflows.task import TaskWorkflow
from workflows.thread import ThreadWorkflow


@pytest.fixture
async def activities(temporal: WorkflowEnvironment) -> AsyncIterator[ScriptedActivities]:
    """Scripted activities, served on all queues by workers that end with the test."""
    scripted = ScriptedActivities(host=f"h{uuid.uuid4().hex[:8]}")
    real = Firings(TemporalThreads(temporal.client))
    firings = (real.start_thread, real.task_is_pending, real.other_firings)
    async with AsyncExitStack() as stack:
        host = (contracts.host_queue(scripted.host), contracts.agent_queue(scripted.host))
        for queue in (contracts.CONTROL_QUEUE, contracts.PLACEMENT_QUEUE, *host):
            await stack.enter_async_context(
                Worker(
                    temporal.client,
                    task_queue=queue,
                    workflows=[ThreadWorkflow, TaskWorkflow, ScheduledTaskWorkflow]
                    if queue == contracts.CONTROL_QUEUE
                    else [],
                    activities=[*scripted.all(), *firings],
                    max_heartbeat_throttle_interval=timedelta(seconds=0.2),
                )
            )
        yield scripted


@pytest.fixture
def thread() -> str:
    """A fresh thread id."""
    return f"web/mail/{uuid.uuid4().hex[:16]}"

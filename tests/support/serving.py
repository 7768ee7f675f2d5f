"""Workers with the real workflows and scripted activities, on all queues."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from activities.firing import Firings
from activities.follow_up import FollowUps
from airut import contracts
from airut.temporal.threads import TemporalThreads
from tests.support.scripted_activities import ScriptedActivities
from workflows.registered import WORKFLOWS


@asynccontextmanager
async def serving(client: Client, scripted: ScriptedActivities, *more: Callable[..., Any]) -> AsyncIterator[None]:
    """The workers end with the block. `more` are activities besides those that threads use."""
    real = Firings(TemporalThreads(client), scripted)  # what schedules do with threads is Temporal's own
    ups = FollowUps(scripted.forge, TemporalThreads(client), pause=lambda looks, checks: 0.1)
    firings = (real.open_conversation, real.start_thread, real.task_is_pending, real.other_firings)
    following = (ups.follow_pull_request, ups.look_at_pull_request)
    async with AsyncExitStack() as stack:
        host = (contracts.host_queue(scripted.host), contracts.agent_queue(scripted.host))
        for queue in (contracts.CONTROL_QUEUE, contracts.PLACEMENT_QUEUE, *host):
            await stack.enter_async_context(
                Worker(
                    client,
                    task_queue=queue,
                    workflows=WORKFLOWS if queue == contracts.CONTROL_QUEUE else [],
                    activities=[*scripted.all(), *firings, *following, *more],
                    max_heartbeat_throttle_interval=timedelta(seconds=0.2),
                )
            )
        yield

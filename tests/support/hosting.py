"""A sandbox host in this process: the real queues and workers, around activities of the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Interceptor

from airut.models.schedules.firing import TriggerInput, TriggerResult
from airut.models.tasks.steps import AgentInput, HostResult
from airut.models.tasks.task import AgentResult
from airut.temporal.leases import Leases
from tests.support.scripted_activities import ScriptedActivities
from workers.sandbox_host import Hosted, serve_host
from workers.wiring import Activities

GRACE = timedelta(seconds=30)


class ScriptedHost:
    """Implements `workers.sandbox_host.Hosted` with activities that play a part."""

    def __init__(self, scripted: ScriptedActivities, slots: int) -> None:
        self.id, self.slots = scripted.host, slots
        self.run_agent: Callable[[AgentInput], Awaitable[AgentResult]] = scripted.run_agent
        self.run_trigger: Callable[[TriggerInput], Awaitable[TriggerResult]] = scripted.run_trigger
        self.claim_host: Callable[[], Awaitable[HostResult]] = scripted.claim_host
        own = (scripted.run_agent, scripted.claim_host, scripted.run_trigger)
        self.activities: Activities = [found for found in scripted.all() if found not in own]


@asynccontextmanager
async def hosting(
    client: Client, host: Hosted, state: Path, *, drain: bool = False, interceptors: Sequence[Interceptor] = ()
) -> AsyncIterator[None]:
    """A worker process's life, without the process."""
    stop, leases = asyncio.Event(), Leases(state)
    serving = asyncio.create_task(
        serve_host(client, host, leases, stop, grace=GRACE, drain=drain, interceptors=interceptors)
    )
    try:
        yield
    finally:
        stop.set()
        await serving
        leases.release()

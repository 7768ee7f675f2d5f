"""The sandbox-host worker: checkouts, images, agents, publishing, on the machine that runs the containers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from temporalio.client import Client
from temporalio.worker import Worker

from airut import contracts
from airut.config.schema import Config
from airut.models.task import AgentInput, AgentResult, HostResult
from airut.temporal.connection import FAST
from airut.temporal.hand_over import HandOver
from airut.temporal.leases import Leases
from workers.processes import connected, run
from workers.serving import GRACE, serve_until
from workers.wiring import Activities, SandboxHost, payload_store


class Hosted(Protocol):
    """What runs on a sandbox host: `slots` agents at once, and everything else without that limit."""

    id: str
    slots: int
    run_agent: Callable[[AgentInput], Awaitable[AgentResult]]
    claim_host: Callable[[], Awaitable[HostResult]]
    activities: Activities


async def serve(config: Config, stop: asyncio.Event) -> None:
    client = await connected(config, payload_store(config), stop)
    if client is None:
        return
    async with SandboxHost(config) as host:
        await serve_host(client, host, Leases(config.state), stop)


async def serve_host(client: Client, host: Hosted, leases: Leases, stop: asyncio.Event) -> None:
    """Poll this host's queues until `stop`."""
    name = leases.take("host")
    agents = Worker(
        client,
        task_queue=contracts.agent_queue(host.id),
        activities=[host.run_agent],
        max_concurrent_activities=host.slots,  # sandboxes that the host's memory can hold
        max_heartbeat_throttle_interval=FAST,
        identity=name,
        interceptors=[HandOver()],  # without a grace: the agent runs on, and the next worker follows it
    )
    own = Worker(
        client,
        task_queue=contracts.host_queue(host.id),
        activities=host.activities,
        max_heartbeat_throttle_interval=FAST,
        identity=name,
        graceful_shutdown_timeout=GRACE,
        interceptors=[HandOver()],
    )
    placement = Worker(client, task_queue=contracts.PLACEMENT_QUEUE, activities=[host.claim_host], identity=name)
    # A thread is only placed where all else is ready.
    await serve_until(stop, client, leases, [agents, own, placement])


if __name__ == "__main__":
    run("host", serve)

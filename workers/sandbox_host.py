"""The sandbox-host worker: checkouts, images, agents, publishing, on the machine that runs the containers."""

import asyncio
from contextlib import AsyncExitStack

from temporalio.worker import Worker

from airut import contracts
from airut.config.schema import Config
from airut.temporal.connection import FAST
from workers.processes import connected, run
from workers.wiring import SandboxHost, payload_store


async def serve(config: Config, stop: asyncio.Event) -> None:
    client = await connected(config, payload_store(config), stop)
    if client is None:
        return
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(SandboxHost(config))
        agents = Worker(
            client,
            task_queue=contracts.agent_queue(host.id),
            activities=[host.agents.run_agent],
            max_concurrent_activities=host.slots,  # sandboxes that the host's memory can hold
            max_heartbeat_throttle_interval=FAST,
        )
        own = Worker(
            client,
            task_queue=contracts.host_queue(host.id),
            activities=host.activities,
            max_heartbeat_throttle_interval=FAST,
        )
        placement = Worker(client, task_queue=contracts.PLACEMENT_QUEUE, activities=[host.workspaces.claim_host])
        for worker in (agents, own, placement):  # a thread is only placed where all else is ready
            await stack.enter_async_context(worker)
        await stop.wait()


if __name__ == "__main__":
    run("host", serve)

"""How a worker process of ours runs its Temporal workers, and how it lets go of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from airut.adapters.systemd_notify import READY, tell
from airut.temporal.leases import Leases
from airut.temporal.stale_attempts import fail_stale_attempts
from workers.processes import end

REPORTING = 10.0
"""Seconds more for telling Temporal how each ended; with the server away, nobody would end this wait."""

log = logging.getLogger("airut")


async def serve_until(
    stop: asyncio.Event,
    client: Client,
    leases: Leases,
    workers: Sequence[Worker],
    grace: timedelta,
    ready: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Run the workers, and then `ready` beside them, until `stop`; from then on nothing new is taken, and each worker
    lets go after its own grace. `grace` is the longest of these.

    What an earlier process of this state folder was killed in the middle of is begun anew meanwhile.
    """
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        tell(READY)
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(_recover(client, leases))]
            if ready is not None:
                beside.append(group.create_task(_run(ready)))
            await stop.wait()
            for task in beside:
                task.cancel()
        log.info("stopping: no new work; at most %d s for what is in hand, agents run on", grace.total_seconds())
        # All at once: an agent is handed over now, and not after another worker's grace.
        ending = [asyncio.create_task(worker.shutdown()) for worker in workers]
        _, hanging = await asyncio.wait(ending, timeout=grace.total_seconds() + REPORTING)
        if hanging:
            log.error("%d workers do not end; what they hold is begun anew by the next process", len(hanging))
            end(1)


async def _run(ready: Callable[[], Awaitable[None]]) -> None:
    await ready()


async def _recover(client: Client, leases: Leases) -> None:
    try:
        await fail_stale_attempts(client, leases)
    except* RPCError as group:  # the heartbeat time-outs are left
        log.warning("what was cut off is begun anew only after its time-out: %s", group.exceptions[0])

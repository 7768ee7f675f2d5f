"""Heartbeats for activities that wait on something silent: a big clone, an image build."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import activity
from temporalio.service import RPCError

EVERY = 5.0
"""Seconds; far below the 60 s time-out, and the SDK folds what comes too fast."""


ASKED = timedelta(seconds=10)
"""A server that takes longer has more important things to do."""


@asynccontextmanager
async def beating(*details: object) -> AsyncIterator[None]:
    """Heartbeat in the background while the block runs, so that a dead worker is noticed and a cancel arrives. The
    next attempt finds `details`: each heartbeat replaces those before."""

    async def beat() -> None:
        while True:
            activity.heartbeat(*details)
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


async def recorded() -> tuple[object, ...]:
    """The details of this activity that Temporal has recorded by now; none where it cannot be asked."""
    info = activity.info()
    if info.workflow_id is None:
        return ()
    try:
        client = activity.client()
    except RuntimeError:  # an activity without a client, as in a test of its own
        return ()
    handle = client.get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
    try:
        described = await handle.describe(rpc_timeout=ASKED)
    except RPCError:
        return ()
    for pending in described.raw_description.pending_activities:
        if pending.activity_id == info.activity_id:
            return tuple(await client.data_converter.decode(pending.heartbeat_details.payloads))
    return ()

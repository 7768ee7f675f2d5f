"""The payload store on a real server: what a history names stays, however old; the rest goes after a month."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow, ScheduleSpec, WorkflowHandle
from temporalio.worker import Worker

from airut.adapters.blobs_local import LocalBlobStore
from airut.errors import CensusUnavailable
from airut.models.blob import BlobRef
from airut.temporal.payload_sweep import KEPT, PayloadSweep
from tests.support.temporal_server import EmbeddedServer
from tests.temporal.carrier import Carrier, carry

LENGTH = 100_000


def noise() -> str:
    return base64.b64encode(os.urandom(LENGTH)).decode()[:LENGTH]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer(tmp_path / "server") as running:
        yield running


def stored(server: EmbeddedServer) -> set[Path]:
    return {path for path in server.payloads.rglob("*") if path.is_file()}


def aged(server: EmbeddedServer, by: timedelta) -> None:
    """As if nobody had written or read anything since."""
    long_ago = (datetime.now(UTC) - by).timestamp()
    for path in stored(server):
        os.utime(path, (long_ago, long_ago))


async def sweep(client: Client, server: EmbeddedServer) -> int:
    return (await PayloadSweep(client, LocalBlobStore(server.payloads)).sweep(datetime.now(UTC))).count


@activity.defn(name="carry")
async def beat(value: str) -> str:
    """Says much in its heartbeats, and goes on until its worker stops."""
    while True:
        activity.heartbeat(noise())
        await asyncio.sleep(0.05)


async def test_what_anything_still_names_stays_and_the_rest_goes(server: EmbeddedServer) -> None:
    client = await server.client()
    async with Worker(client, task_queue="q", workflows=[Carrier], activities=[carry]):
        closed = await client.start_workflow(Carrier.run, args=[noise(), 1], id="closed", task_queue="q")
        await closed.signal(Carrier.receive, noise())
        await closed.result()
    await client.start_workflow(Carrier.run, args=[noise(), 1], id="open", task_queue="q")
    action = ScheduleActionStartWorkflow(Carrier.run, args=[noise(), 0], id="scheduled", task_queue="q")
    await client.create_schedule("daily", Schedule(action=action, spec=ScheduleSpec()))
    await listed(client, "closed", "open")
    named = stored(server)
    await LocalBlobStore(server.payloads).put(b"of a workflow task that was tried again")
    aged(server, timedelta(days=400))
    swept = [await sweep(client, server), await sweep(client, server)]
    assert swept == [1, 0]
    assert stored(server) == named
    assert len(await client.get_workflow_handle("closed", result_type=str).result()) == 2 * LENGTH


async def test_what_a_heartbeat_said_last_stays(server: EmbeddedServer) -> None:
    client = await server.client()
    throttle = timedelta(seconds=0.1)
    async with Worker(client, task_queue="q", workflows=[Carrier]):
        handle = await client.start_workflow(Carrier.run, args=["", 1], id="beating", task_queue="q")
        await handle.signal(Carrier.receive, "!")
        async with Worker(client, task_queue="q", activities=[beat], max_heartbeat_throttle_interval=throttle):
            await last_said(handle)
        said = await last_said(handle)  # nobody beats any more
    await listed(client, "beating")
    aged(server, timedelta(days=400))
    await sweep(client, server)
    assert said.sha256 in {path.name for path in stored(server)}


async def listed(client: Client, *workflows: str) -> None:
    """Visibility lags behind; a sweep does not mind within a month."""
    async with asyncio.timeout(60):
        while not {*workflows} <= {run.id async for run in client.list_workflows()}:
            await asyncio.sleep(0.1)


async def last_said(handle: WorkflowHandle[Carrier, str]) -> BlobRef:
    """Where the details lie that the pending activity's next attempt will be given."""
    async with asyncio.timeout(60):
        while True:
            for pending in (await handle.describe()).raw_description.pending_activities:
                for payload in pending.heartbeat_details.payloads:
                    return BlobRef.model_validate_json(payload.data)
            await asyncio.sleep(0.1)


async def test_a_month_after_its_last_use_a_value_is_still_there(server: EmbeddedServer) -> None:
    client = await server.client()
    await LocalBlobStore(server.payloads).put(b"of a workflow that no list shows yet")
    aged(server, KEPT - timedelta(hours=1))
    assert await sweep(client, server) == 0
    aged(server, KEPT + timedelta(hours=1))
    assert await sweep(client, server) == 1


async def test_nothing_goes_when_temporal_does_not_answer(server: EmbeddedServer) -> None:
    client = await server.client()
    await LocalBlobStore(server.payloads).put(b"of who knows what")
    aged(server, timedelta(days=400))
    await server.stop()
    with pytest.raises(CensusUnavailable, match="did not say to the end what histories name"):
        await sweep(client, server)
    assert len(stored(server)) == 1

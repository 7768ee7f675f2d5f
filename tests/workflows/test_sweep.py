"""The host's janitor as a schedule: it remembers from look to look, and asks idle threads to make room."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import ScheduleOverlapPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from airut import contracts
from airut.errors import CensusUnavailable
from airut.models.blob import SweptBlobs
from airut.models.hosts.sweep import Life, Missing, Standing, SweepMemory, SweepOrder, SweepReport
from airut.models.threads.archive import Expired, ExpireOrder
from airut.models.threads.command import CommandName
from airut.temporal.census import TemporalCensus
from airut.temporal.delivery import deliver
from airut.temporal.upkeep import EXPIRY, ensure_expiry, ensure_sweep, sweep_id
from tests.support.asking import agents_run, command
from tests.support.eventually import eventually
from tests.support.messages import NOON, mail
from tests.support.scripted_activities import ScriptedActivities
from workflows.sweep import ExpiryWorkflow, SweepWorkflow


@workflow.defn(name="AskedThread")
class AskedThread:
    """Ends when it is asked to make room."""

    def __init__(self) -> None:
        self.asked = False

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self.asked)
        return "made room"

    @workflow.signal(name=contracts.MAKE_ROOM)
    def make_room(self) -> None:
        self.asked = True


class Swept:
    def __init__(self) -> None:
        self.orders: list[SweepOrder] = []
        self.ask: tuple[str, ...] = ()

    @activity.defn
    async def sweep_host(self, order: SweepOrder) -> SweepReport:
        self.orders.append(order)
        seen = Missing(thread=f"look {len(self.orders)}", since=NOON)
        memory = SweepMemory(missing=(*order.memory.missing, seen))
        return SweepReport(memory=memory, ask=self.ask, sandboxes=("s",), problems=("a problem",))

    @activity.defn
    async def expire_records(self, order: ExpireOrder) -> Expired:
        return Expired(blobs=1, bytes=10)

    @activity.defn
    async def expire_payloads(self, order: ExpireOrder) -> SweptBlobs:
        return SweptBlobs(count=2, bytes=20)


async def test_a_host_is_swept_by_schedule(temporal: WorkflowEnvironment) -> None:
    client, host, swept = temporal.client, f"h{uuid.uuid4().hex[:8]}", Swept()
    asked = await client.start_workflow(
        "AskedThread", id=f"web/mail/{uuid.uuid4().hex[:16]}", task_queue=contracts.CONTROL_QUEUE, result_type=str
    )
    swept.ask = (asked.id, "web/mail/ended-meanwhile")
    control = Worker(
        client,
        task_queue=contracts.CONTROL_QUEUE,
        workflows=[SweepWorkflow, ExpiryWorkflow, AskedThread],
        activities=[swept.expire_records, swept.expire_payloads],
    )
    async with control, Worker(client, task_queue=contracts.host_queue(host), activities=[swept.sweep_host]):
        await ensure_sweep(client, host)
        await eventually(lambda: len(swept.orders) == 1)
        assert await asked.result() == "made room"
        handle = client.get_schedule_handle(sweep_id(host))
        for looks in (2, 3):
            while (await handle.describe()).info.running_actions:
                await asyncio.sleep(0.05)
            await ensure_sweep(client, host)  # as a worker that starts again does
            await eventually(lambda: len(swept.orders) == looks)  # noqa: B023  # run at once
        assert swept.orders[0].memory == SweepMemory()
        assert [missing.thread for missing in swept.orders[2].memory.missing] == ["look 1", "look 2"]
        described = await handle.describe()
        assert described.schedule.spec.intervals[0].every == timedelta(minutes=5)
        assert described.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
        await handle.delete()


async def test_paused_by_hand_it_stays_paused(temporal: WorkflowEnvironment) -> None:
    client = temporal.client
    await ensure_expiry(client)
    handle = client.get_schedule_handle(EXPIRY)
    await handle.pause(note="by hand")
    await ensure_expiry(client)
    assert (await handle.describe()).schedule.state.paused
    await handle.delete()


async def test_records_expire(temporal: WorkflowEnvironment) -> None:
    swept = Swept()
    queue = Worker(
        temporal.client,
        task_queue=contracts.CONTROL_QUEUE,
        workflows=[ExpiryWorkflow],
        activities=[swept.expire_records, swept.expire_payloads],
    )
    async with queue:
        expired = await temporal.client.execute_workflow(
            ExpiryWorkflow.run, id=f"x{uuid.uuid4().hex}", task_queue=contracts.CONTROL_QUEUE
        )
    assert expired == Expired(blobs=1, payloads=2, bytes=30)


async def test_idle_threads_say_since_when(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    census = TemporalCensus(temporal.client)
    activities.gate.clear()
    await deliver(temporal.client, mail("go", thread))
    await agents_run(activities)
    assert await census.idle_since(thread) is None
    activities.gate.set()
    while await census.idle_since(thread) is None:
        await asyncio.sleep(0.05)
    with pytest.raises(CensusUnavailable):
        await census.idle_since("web/mail/nobody")


async def test_an_idle_thread_makes_room_and_a_busy_one_does_not(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("go", thread))
    handle = temporal.client.get_workflow_handle(thread)
    await agents_run(activities)
    await handle.signal(contracts.MAKE_ROOM)
    census = TemporalCensus(temporal.client)
    assert await census.idle_since(thread) is None  # it has done by now what it was told
    standing = await census.standing(thread)
    assert (standing.life, standing.host) == (Life.OPEN, activities.host)
    activities.gate.set()
    while await census.idle_since(thread) is None:
        await asyncio.sleep(0.05)
    await handle.signal(contracts.MAKE_ROOM)
    await asyncio.wait_for(handle.result(), 60)
    assert (await census.standing(thread)).life is Life.CLOSED


async def test_paused_and_queued_threads_are_live_and_make_no_room(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    census, handle = TemporalCensus(temporal.client), temporal.client.get_workflow_handle(thread)
    await deliver(temporal.client, mail("go", thread))
    while await census.idle_since(thread) is None:
        await asyncio.sleep(0.05)
    await handle.signal(contracts.CONTROL, command(thread, CommandName.PAUSE))
    await deliver(temporal.client, mail("more", thread))  # waits for the resume
    await handle.signal(contracts.MAKE_ROOM)
    assert await census.idle_since(thread) is None
    assert await census.standing(thread) == Standing(life=Life.OPEN, host=activities.host)
    assert (await census.standing(f"{thread}/task-1")).life is Life.CLOSED
    await handle.terminate()
    assert (await census.standing(thread)).life is Life.CLOSED

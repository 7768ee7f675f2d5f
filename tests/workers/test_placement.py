"""A sandbox host that is drained, full or away, over real Temporal."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from activities.placement import Placement
from airut import contracts
from airut.models.hosts.host import HostStatus
from airut.models.threads.thread import ThreadStatus
from airut.temporal.delivery import deliver
from airut.temporal.hosts import hosts, last_poll, open_tasks, set_drained
from tests.support.asking import agents_run, until
from tests.support.hosting import ScriptedHost, hosting
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from workflows.host import HostWorkflow
from workflows.task import TaskWorkflow
from workflows.thread import ThreadWorkflow


@pytest.fixture
async def scripted(temporal: WorkflowEnvironment) -> AsyncIterator[ScriptedActivities]:
    """Activities for a host of the test, and a control worker that runs as long as the test."""
    activities = ScriptedActivities(host=f"h{uuid.uuid4().hex[:8]}")
    control = Worker(
        temporal.client,
        task_queue=contracts.CONTROL_QUEUE,
        workflows=[ThreadWorkflow, TaskWorkflow, HostWorkflow],
        activities=activities.all(),
    )
    async with control:
        yield activities
        activities.gate.set()


async def write(client: Client, text: str) -> str:
    """Send a mail of a new thread."""
    thread = f"web/mail/{uuid.uuid4().hex[:16]}"
    await deliver(client, mail(text, thread))
    return thread


async def answered(client: Client, thread: str) -> ThreadStatus:
    return await until(client, thread, lambda status: bool(status.recent))


async def state_of(client: Client, host: str) -> HostStatus:
    status: HostStatus = await client.get_workflow_handle(contracts.host_workflow(host)).query(
        contracts.STATUS, result_type=HostStatus
    )
    return status


async def reached(client: Client, host: str) -> None:
    """Wait until the host's worker has been told."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(RPCError):  # not yet seen
                if (await state_of(client, host)).reached:
                    return
            await asyncio.sleep(0.05)


async def tasks_are(client: Client, host: str, *expected: str) -> None:
    """Wait until these are the open ones: visibility lags behind."""
    async with asyncio.timeout(60):
        while sorted((await open_tasks(client, host)).get(host, ())) != sorted(expected):
            await asyncio.sleep(0.05)


async def test_a_drained_host_takes_no_new_thread_and_goes_on_with_its_own(
    temporal: WorkflowEnvironment, scripted: ScriptedActivities, tmp_path: Path
) -> None:
    client, host = temporal.client, ScriptedHost(scripted, slots=2)
    async with hosting(client, host, tmp_path):
        own = await write(client, "one")
        assert (await answered(client, own)).host == host.id

        status = await set_drained(client, host.id, drain=True)
        assert (status.drained, status.reached) == (True, True)
        new = await write(client, "two")
        await deliver(client, mail("go on", own))
        async with asyncio.timeout(60):
            while (await answered(client, own)).tasks < 2:
                await asyncio.sleep(0.1)
        assert (await state_of(client, host.id)).drained
        async with asyncio.timeout(60):  # visibility lags behind
            while [name async for name in hosts(client) if name[0] == host.id] != [(host.id, "drained")]:
                await asyncio.sleep(0.05)

    async with hosting(client, host, tmp_path):  # a restart undoes nothing
        await asyncio.sleep(2)
        assert scripted.asked.count("claim_host") == 1
        status = await set_drained(client, host.id, drain=False)
        assert (status.drained, status.reached) == (False, True)
        assert (await answered(client, new)).host == host.id

    history = await client.get_workflow_handle(contracts.host_workflow(host.id)).fetch_history()
    await Replayer(workflows=[HostWorkflow], data_converter=client.data_converter).replay_workflow(history)


async def test_one_that_is_started_drained_stays_so(
    temporal: WorkflowEnvironment, scripted: ScriptedActivities, tmp_path: Path
) -> None:
    client, host = temporal.client, ScriptedHost(scripted, slots=2)
    async with hosting(client, host, tmp_path, drain=True):
        thread = await write(client, "one")
        await reached(client, host.id)
        await asyncio.sleep(1)
        assert scripted.asked == []
        assert (await state_of(client, host.id)).drained
        await set_drained(client, host.id, drain=False)
        assert (await answered(client, thread)).host == host.id


async def test_idle_threads_of_a_host_are_let_go_and_those_at_work_are_not(
    temporal: WorkflowEnvironment, scripted: ScriptedActivities, tmp_path: Path
) -> None:
    client, host = temporal.client, ScriptedHost(scripted, slots=2)
    async with hosting(client, host, tmp_path):
        idle, busy = await write(client, "one"), await write(client, "two")
        for thread in (idle, busy):
            assert (await answered(client, thread)).host == host.id
        scripted.gate.clear()
        await deliver(client, mail("go on", busy))
        await agents_run(scripted, 3)
    # As an operator starts it again for maintenance: the idle one leaves, and the other goes on with its workspace.
    async with hosting(client, host, tmp_path, drain=True):
        await asyncio.wait_for(client.get_workflow_handle(idle).result(), 60)
        scripted.gate.set()
        async with asyncio.timeout(60):
            while (await answered(client, busy)).tasks < 2 or (await answered(client, busy)).task:
                await asyncio.sleep(0.1)
        assert (await answered(client, busy)).host == host.id


async def test_a_host_that_is_away_is_told_when_it_is_back(
    temporal: WorkflowEnvironment, scripted: ScriptedActivities, tmp_path: Path
) -> None:
    client, host = temporal.client, ScriptedHost(scripted, slots=2)
    with pytest.raises(RPCError, match="not found"):
        await set_drained(client, host.id, drain=True)
    async with hosting(client, host, tmp_path):
        await reached(client, host.id)
        assert (await last_poll(client, host.id)) is not None
    status = await set_drained(client, host.id, drain=True)
    assert (status.drained, status.reached) == (True, False)
    async with hosting(client, host, tmp_path):
        thread = await write(client, "one")
        await reached(client, host.id)
        await asyncio.sleep(1)
        assert "claim_host" not in scripted.asked
        await set_drained(client, host.id, drain=False)
        await answered(client, thread)


async def test_a_full_host_still_acknowledges_fetches_and_says_what_it_works_on(
    temporal: WorkflowEnvironment, scripted: ScriptedActivities, tmp_path: Path
) -> None:
    client, host = temporal.client, ScriptedHost(scripted, slots=1)
    scripted.gate.clear()
    async with hosting(client, host, tmp_path):
        first = await write(client, "one")
        async with asyncio.timeout(60):
            while "run_agent" not in scripted.asked:
                await asyncio.sleep(0.05)
        second = await write(client, "two")
        async with asyncio.timeout(60):
            while scripted.asked.count("build_image") < 2 or len(scripted.acknowledged) < 2:
                await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        assert scripted.asked.count("run_agent") == 1
        assert {order.task.thread for order in scripted.acknowledged} == {first, second}
        await tasks_are(client, host.id, f"{first}/task-1", f"{second}/task-1")
        scripted.gate.set()
        for thread in (first, second):
            await answered(client, thread)
    await tasks_are(client, host.id)


async def test_placement_opens_and_closes_as_told_and_answers_when_it_has(tmp_path: Path) -> None:
    from temporalio.testing import ActivityEnvironment

    from airut.models.hosts.host import PlacementOrder

    placement, events = Placement(), list[str]()

    @contextlib.asynccontextmanager
    async def taking() -> AsyncIterator[None]:
        events.append("open")
        yield
        await asyncio.sleep(0.1)  # a claim in hand
        events.append("closed")

    running = asyncio.create_task(placement.run(taking))
    for opened, expected in (
        (False, ""),
        (True, "open"),
        (True, "open"),
        (False, "open closed"),
        (True, "open closed open"),
    ):
        await ActivityEnvironment().run(placement.set_placement, PlacementOrder(open=opened))
        assert (" ".join(events), placement.open) == (expected, opened)
    running.cancel()
    await asyncio.wait((running,))
    assert events[-1] == "open"  # cancelled while it is open: what is open is left by whoever opened it

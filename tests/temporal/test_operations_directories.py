"""Hosts and costs, as Temporal's visibility has them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.adapters.blobs_local import LocalBlobStore
from airut.config.schema import TemporalSettings
from airut.demo.ports import free_port
from airut.models.tasks.spent import TaskSpent
from airut.ports.cost_records import CostRow, Costs
from airut.ports.host_directory import HostRow
from airut.ports.thread_directory import DirectoryUnavailable
from airut.temporal.connection import connect
from airut.temporal.cost_records import TemporalCostRecords
from airut.temporal.host_directory import TemporalHostDirectory


async def test_a_host_without_worker_keeps_its_threads(temporal: WorkflowEnvironment) -> None:
    client, host = temporal.client, "listed-host"
    await client.start_workflow(
        contracts.HOST_WORKFLOW,
        id=contracts.host_workflow(host),
        task_queue="nobody",
        search_attributes=TypedSearchAttributes([SearchAttributePair(contracts.STATE, "drained")]),
    )
    for number, state in enumerate(("running", "idle")):
        pairs = [SearchAttributePair(contracts.HOST, host), SearchAttributePair(contracts.STATE, state)]
        await client.start_workflow(
            contracts.THREAD_WORKFLOW,
            id=f"hosted/console/{number}",
            task_queue="nobody",
            search_attributes=TypedSearchAttributes(pairs),
        )
    expected = HostRow(host=host, drained=True, polled_s=None, pinned=2, running=1)
    async with asyncio.timeout(60):  # visibility lags by a second or so
        while expected not in await TemporalHostDirectory(client).hosts():
            await asyncio.sleep(0.1)
    assert expected.state == "away"
    for number in range(2):
        await client.get_workflow_handle(f"hosted/console/{number}").terminate()
    await client.get_workflow_handle(contracts.host_workflow(host)).terminate()


async def test_closed_tasks_with_what_they_have_kept_of_their_costs(temporal: WorkflowEnvironment) -> None:
    client, began = temporal.client, datetime.now(UTC) - timedelta(minutes=1)
    memos = (TaskSpent(usd=0.5, author="ann", model="opus"), TaskSpent(usd=0.25, author="bob"), None)
    for number, memo in enumerate(memos):
        handle = await client.start_workflow(
            contracts.TASK_WORKFLOW,
            id=f"spending/console/a/task-{number}",
            task_queue="nobody",
            memo={contracts.TASK_SPENT: memo} if memo else None,
            search_attributes=TypedSearchAttributes([SearchAttributePair(contracts.REPO, "spending")]),
        )
        await handle.terminate()
    records, ends = TemporalCostRecords(client), datetime.now(UTC) + timedelta(minutes=1)
    async with asyncio.timeout(60):
        while len((found := await records.costs(began, ends, "spending")).rows) < 2:
            await asyncio.sleep(0.1)
    rows = sorted(found.rows, key=lambda row: row.task)
    assert [row.model_copy(update={"ended_at": began}) for row in rows] == [
        CostRow(task="spending/console/a/task-0", repo="spending", author="ann", model="opus", usd=0.5, ended_at=began),
        CostRow(task="spending/console/a/task-1", repo="spending", author="bob", model="", usd=0.25, ended_at=began),
    ]
    assert found.complete
    assert await records.costs(began - timedelta(days=2), began, "spending") == Costs(rows=())
    assert await records.spent("nothing-was-ever-counted") == ()


async def test_a_server_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    client = await connect(TemporalSettings(port=free_port()), LocalBlobStore(tmp_path), lazy=True)
    now = datetime.now(UTC)
    for asked in (
        TemporalHostDirectory(client).hosts(),
        TemporalCostRecords(client).costs(now, now),
        TemporalCostRecords(client).spent("web"),
    ):
        with pytest.raises(DirectoryUnavailable):
            await asked

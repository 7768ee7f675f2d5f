"""Firings that were missed while the server was away: made up for as long as `catch_up` says, else counted."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from airut.contracts import SEARCH_ATTRIBUTES
from airut.demo.ports import free_port
from airut.models.schedules.firing import ScheduledTask
from airut.models.schedules.schedule import DeliverTo, ScheduleSettings
from airut.temporal.embedded import DYNAMIC, server_binary
from airut.temporal.schedule_view import ScheduleRow, schedule_rows
from airut.temporal.schedules import reconcile, scheduled_task
from workflows.schedule import NOMINAL

DOWN = 26.0
"""Seconds: two firings of every ten seconds are missed for certain, one of them by more than ten seconds."""


async def server(folder: Path, port: int) -> WorkflowEnvironment:
    arguments = [part for key, value in DYNAMIC.items() for part in ("--dynamic-config-value", f"{key}={value}")]
    return await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        port=port,
        dev_server_database_filename=str(folder / "temporal.db"),
        dev_server_existing_path=str(server_binary()),
        dev_server_extra_args=arguments,
        search_attributes=SEARCH_ATTRIBUTES,
    )


def task(name: str, **values: object) -> ScheduledTask:
    given = {"every": "10s", "prompt": "x", "deliver": DeliverTo(email=("ann@example.com",)), "overlap": "allow_all"}
    return scheduled_task("web", name, "UTC", ScheduleSettings.model_validate(given | values), datetime.now(UTC))


async def nominal_times(client: Client, schedule: ScheduledTask) -> list[datetime]:
    query = f"TemporalScheduledById = '{schedule.id}'"
    found = [each.typed_search_attributes.get(NOMINAL) async for each in client.list_workflows(query)]
    return sorted(each for each in found if each is not None)


async def test_missed_firings(tmp_path: Path) -> None:
    port = free_port()
    patient, brief = task("patient", catch_up="1h", jitter="4s"), task("brief", catch_up="10s")
    async with await server(tmp_path, port) as first:
        await reconcile(first.client, "i", (patient, brief))
        async with asyncio.timeout(60):  # a schedule counts from its first look at the clock
            while not await nominal_times(first.client, patient) or not await nominal_times(first.client, brief):
                await asyncio.sleep(0.2)
        up = time.time()
    await asyncio.sleep(DOWN)
    async with await server(tmp_path, port) as second:
        due = {datetime.fromtimestamp(at, UTC) for at in range(int(up) // 10 * 10 + 10, int(time.time()), 10)}
        rows: list[ScheduleRow] = []
        left_out, lacking = set[datetime](), set[datetime]()
        async with asyncio.timeout(90):
            while not rows or not rows[1].missed or left_out or len(lacking) != rows[1].missed:
                await asyncio.sleep(0.5)
                rows = await schedule_rows(second.client, (patient, brief))
                left_out = due - set(await nominal_times(second.client, patient))
                lacking = due - set(await nominal_times(second.client, brief))
        assert rows[0].missed == 0
        # What a firing is meant for has no jitter in it.
        assert {at.second % 10 for at in await nominal_times(second.client, patient)} == {0}

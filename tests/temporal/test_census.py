"""What a real server says of threads and tasks, and what it does not say."""

import asyncio
import uuid

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.errors import CensusUnavailable
from airut.models.hosts.sweep import Life, Standing
from airut.temporal.census import TemporalCensus


async def begin(client: Client, host: str | None = None) -> str:
    """Open, and looked after by nobody: what the server knows does not need a worker."""
    id_ = f"web/mail/{uuid.uuid4().hex[:16]}"
    pairs = [SearchAttributePair(contracts.HOST, host)] if host else []
    await client.start_workflow("Waits", id=id_, task_queue=id_, search_attributes=TypedSearchAttributes(pairs))
    return id_


async def test_open_closed_unknown(temporal: WorkflowEnvironment) -> None:
    client = temporal.client
    census = TemporalCensus(client)
    id_, placed = await begin(client), await begin(client, "h1")
    assert await census.standing(id_) == Standing(life=Life.OPEN)
    assert await census.standing(placed) == Standing(life=Life.OPEN, host="h1")
    await client.get_workflow_handle(id_).terminate()
    await client.get_workflow_handle(placed).cancel()  # asked for only: nobody has done it yet
    assert (await census.standing(id_)).life is Life.CLOSED
    assert (await census.standing(placed)).life is Life.OPEN
    assert await census.standing("web/mail/nobody") == Standing(life=Life.UNKNOWN)
    await client.get_workflow_handle(placed).terminate()


async def test_another_namespace_knows_nothing_and_nothing_follows(temporal: WorkflowEnvironment) -> None:
    elsewhere = await Client.connect(temporal.client.service_client.config.target_host, namespace="no-such")
    with pytest.raises(CensusUnavailable, match="Temporal does not say whether it has web/mail/a"):
        await TemporalCensus(elsewhere).standing("web/mail/a")


async def test_a_server_that_is_away() -> None:
    away = await Client.connect("127.0.0.1:1", lazy=True)
    with pytest.raises(CensusUnavailable):
        await asyncio.wait_for(TemporalCensus(away).standing("web/mail/a"), 60)

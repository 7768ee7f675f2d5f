"""Closed workflows are there to be retried and replayed for as long as a thread may be idle."""

from datetime import timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client

from airut.contracts import SEARCH_ATTRIBUTES
from airut.temporal.retention import RETENTION, keep_closed_workflows
from tests.support.temporal_server import EmbeddedServer


async def retention(client: Client) -> timedelta:
    found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    assert len(found.config.custom_search_attribute_aliases) == len(SEARCH_ATTRIBUTES)
    return found.config.workflow_execution_retention_ttl.ToTimedelta()


async def test_a_database_from_before_gets_it_too_and_it_outlives_the_server(tmp_path: Path) -> None:
    seen = []
    async with EmbeddedServer(tmp_path) as server:
        seen.append(await retention(await server.client()))
        await server.restart()
        for _ in range(2):
            await keep_closed_workflows(await server.client())
            seen.append(await retention(await server.client()))
        await server.restart()
        seen.append(await retention(await server.client()))
    assert seen == [timedelta(days=1), RETENTION, RETENTION, RETENTION]


async def test_what_an_operator_set_higher_stays(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server:
        client = await server.client()
        longer = NamespaceConfig(workflow_execution_retention_ttl=Duration(seconds=90 * 86400))
        await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace="airut", config=longer))
        await keep_closed_workflows(client)
        assert await retention(client) == timedelta(days=90)

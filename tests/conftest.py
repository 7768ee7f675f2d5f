"""Fixtures that every part of the suite shares: one real Temporal server for the session."""

from collections.abc import AsyncIterator

import hypothesis
import pytest
from temporalio.client import Client
from temporalio.service import GrpcCompression
from temporalio.testing import WorkflowEnvironment

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.codec_settings import CodecSettings
from airut.contracts import SEARCH_ATTRIBUTES
from airut.temporal.codec import data_converter
from airut.temporal.embedded import DYNAMIC, server_binary

# How fast an example is made and run says something of the machine's load, and nothing of the code.
hypothesis.settings.register_profile("airut", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("airut")


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WorkflowEnvironment]:
    """A real server, in memory, with the dynamic configuration of the embedded one."""
    # A server suggests it after some thousand events; here after so few that every longer test goes through it.
    dynamic = {**DYNAMIC, "limit.historyCount.suggestContinueAsNew": "150"}
    arguments = [part for key, value in dynamic.items() for part in ("--dynamic-config-value", f"{key}={value}")]
    environment = await WorkflowEnvironment.start_local(
        data_converter=data_converter(CodecSettings(), "default", LocalBlobStore(tmp_path_factory.mktemp("payloads"))),
        dev_server_existing_path=str(server_binary()),
        dev_server_extra_args=arguments,
        search_attributes=SEARCH_ATTRIBUTES,
    )
    async with environment:
        server = environment.client
        yield WorkflowEnvironment.from_client(
            await Client.connect(
                server.service_client.config.target_host,
                data_converter=server.data_converter,
                grpc_compression=GrpcCompression.NONE,  # as `connect` does
            )
        )

"""The same code connects to the embedded server and to any other."""

from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.schema import TemporalSettings
from airut.contracts import SEARCH_ATTRIBUTES
from airut.temporal.connection import connect
from airut.temporal.embedded import server_binary, server_command


async def test_an_external_server_is_named_by_temporals_own_environment(
    temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal.client.service_client.config.target_host)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", temporal.client.namespace)
    client = await connect(TemporalSettings(mode="external"), LocalBlobStore(tmp_path))
    assert client.namespace == temporal.client.namespace
    assert len([execution async for execution in client.list_workflows(limit=1)]) <= 1


async def test_nothing_there_is_an_error_that_callers_wait_on(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"127\.0\.0\.1:1"):
        await connect(TemporalSettings(port=1), LocalBlobStore(tmp_path))


def test_the_embedded_server_keeps_its_database_and_knows_our_search_attributes(tmp_path: Path) -> None:
    command = server_command(TemporalSettings(port=7000, ui_port=8000), tmp_path / "t.db")
    joined = " ".join(command)
    assert command[0] == str(server_binary())
    assert f"--db-filename {tmp_path / 't.db'}" in joined
    assert "--ip 127.0.0.1" in joined
    assert all(f"--search-attribute {attribute.name}=" in joined for attribute in SEARCH_ATTRIBUTES)

"""A server of somebody else's gets our search attributes, or its operator the commands for it."""

import os
import shlex
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.schema import TemporalSettings
from airut.errors import ConfigError
from airut.temporal.connection import connect
from airut.temporal.embedded import server_binary
from airut.temporal.search_attributes import (
    WANTED,
    Attributes,
    commands,
    compared,
    ensure_search_attributes,
    look,
    namespace_command,
)

EVERYTHING = {
    "AirutRepo": "Keyword", "AirutChannel": "Keyword", "AirutAuthor": "Keyword", "AirutState": "Keyword",
    "AirutHost": "Keyword", "AirutOutcome": "Keyword", "AirutPullRequest": "Keyword", "AirutCost": "Double",
}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "lacks", "lines"),
    [
        (dict(WANTED), Attributes(), ()),
        (
            {name: kind for name, kind in WANTED.items() if name != "AirutCost"},
            Attributes(missing={"AirutCost": "Double"}),
            ("temporal operator search-attribute create --namespace n --name AirutCost --type Double",),
        ),
        (
            {**WANTED, "AirutCost": 2, "Theirs": 1},
            Attributes(other={"AirutCost": "KEYWORD"}),
            (
                "temporal operator search-attribute remove --yes --namespace n --name AirutCost",
                "temporal operator search-attribute create --namespace n --name AirutCost --type Double",
            ),
        ),
    ],
)
def test_what_lacks_and_how_it_is_made(found: dict[str, int], lacks: Attributes, lines: tuple[str, ...]) -> None:
    assert compared(found) == lacks
    assert commands(lacks, "n") == lines


def external(temporal: WorkflowEnvironment, namespace: str, monkeypatch: pytest.MonkeyPatch) -> str:
    address = temporal.client.service_client.config.target_host
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", namespace)
    return address


def typed(line: str, address: str) -> None:
    """What an operator does, who tries again where the server does not know its new namespace yet."""
    command, until = [str(server_binary()), *shlex.split(line)[1:], "--address", address], time.monotonic() + 30
    while (done := subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)).returncode:
        assert time.monotonic() < until, done.stderr
        time.sleep(0.2)


async def connected(folder: Path) -> Client:
    return await connect(TemporalSettings(mode="external"), LocalBlobStore(folder))


async def test_a_namespace_gets_them_and_has_them_the_second_time(
    temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = f"bare-{uuid.uuid4().hex[:8]}"
    external(temporal, namespace, monkeypatch)
    await temporal.client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=Duration(seconds=86400))
    )
    client = await connected(tmp_path)
    assert (await look(client)).missing == EVERYTHING
    for _ in range(2):
        await ensure_search_attributes(client)
        assert await look(client) == Attributes()


async def test_no_such_namespace_is_said_with_commands_that_work(
    temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = f"absent-{uuid.uuid4().hex[:8]}"
    address = external(temporal, namespace, monkeypatch)
    client = await connected(tmp_path)
    with pytest.raises(ConfigError) as raised:
        await ensure_search_attributes(client)
    assert str(raised.value) == (
        f"Temporal has no namespace {namespace!r}; make it:\n"
        f"  temporal operator namespace create --namespace {namespace} --retention 30d"
    )
    for line in (namespace_command(namespace), *commands(Attributes(missing=EVERYTHING), namespace)):
        typed(line, address)
    assert await look(client) == Attributes()


async def test_one_of_another_type_is_named_and_stays(
    temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = f"other-{uuid.uuid4().hex[:8]}"
    address = external(temporal, namespace, monkeypatch)
    for line in (
        namespace_command(namespace),
        f"temporal operator search-attribute create --namespace {namespace} --name AirutCost --type Int",
    ):
        typed(line, address)
    client = await connected(tmp_path)
    with pytest.raises(ConfigError, match=r"lacks search attributes: AirutRepo, .*, AirutCost \(is INT\); make them:"):
        await ensure_search_attributes(client)
    assert (await look(client)).other == {"AirutCost": "INT"}


def test_a_worker_ends_with_the_exit_code_of_a_mistake_and_says_what_to_type(
    temporal: WorkflowEnvironment, tmp_path: Path
) -> None:
    (tmp_path / "airut.yaml").write_text(
        f"config_version: 1\ntemporal: {{mode: external}}\nstate_dir: {tmp_path / 'state'}\n"
        "repos:\n  web:\n    url: https://git.test/acme/web.git\n    channels: {console: {}}\n"
        "    agent: {auth: {api_key: sk-ant-api03-of-no-use}}\n"
    )
    address = temporal.client.service_client.config.target_host
    done = subprocess.run(
        [sys.executable, "-m", "workers.control", "--config", str(tmp_path / "airut.yaml")],
        env={**os.environ, "TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": "never-made"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert "temporal operator namespace create --namespace never-made --retention 30d" in done.stderr

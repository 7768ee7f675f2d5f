"""The command line on a real Temporal server, with the real workflows and scripted activities."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from temporalio.testing import WorkflowEnvironment

from airut.cli.main import execute
from tests.support.user_service import Machine
from tests.workflows.conftest import activities, replays, thread  # noqa: F401  # fixtures

CONFIG = """
config_version: 1
state_dir: {state}
temporal: {{namespace: default, port: {port}}}
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {{console: {{}}}}
    agent: {{auth: {{api_key: !env ANTHROPIC_API_KEY}}}}
"""


class Printed(NamedTuple):
    code: int
    out: str
    err: str


Airut = Callable[..., Coroutine[Any, Any, Printed]]
"""Run one command line."""


@pytest.fixture
def config_file(temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that names the session's server; its state folder is `state` beside it."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-invented")
    monkeypatch.setenv("COLUMNS", "200")
    port = temporal.client.service_client.config.target_host.rpartition(":")[2]
    file = tmp_path / "airut.yaml"
    file.write_text(CONFIG.format(state=tmp_path / "state", port=port))
    return file


@pytest.fixture
def airut(config_file: Path, capsys: pytest.CaptureFixture[str]) -> Airut:
    async def run(*arguments: str) -> Printed:
        capsys.readouterr()
        code = await asyncio.to_thread(execute, ["--config", str(config_file), *arguments])
        captured = capsys.readouterr()
        return Printed(code, captured.out, captured.err)

    return run


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))  # a Podman of this machine's is not this machine's
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return Machine(tmp_path)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    def read() -> str:
        found = capsys.readouterr()
        return found.out + found.err

    return read

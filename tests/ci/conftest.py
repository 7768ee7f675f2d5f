"""`airut-sandbox` as a process of its own, as a CI job has it. Run through scripts/lab."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

type Sandbox = Callable[..., subprocess.CompletedProcess[str]]

STATE = Path.home() / ".cache" / "airut" / "tests-ci"
"""Kept from run to run: its certificate authority is part of the image, which is built once then."""
ENVIRONMENT = {**os.environ, "AIRUT_SANDBOX_ENFORCE": "best_effort", "XDG_STATE_HOME": str(STATE)}
COMMAND = (sys.executable, "-c", "from airut.ci.main import run; run()")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with a policy that allows nothing."""
    if os.getuid() == 0 or not shutil.which("podman"):
        pytest.skip("needs rootless Podman: run it as `scripts/lab -- pytest …`")
    folder = tmp_path / "checkout"
    folder.mkdir()
    return folder


@pytest.fixture
def sandbox(workspace: Path) -> Sandbox:
    def run(
        *arguments: str, given: str | None = None, env: Mapping[str, str] = {}, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=workspace,
            env={**ENVIRONMENT, **env},
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run

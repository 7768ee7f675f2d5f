"""This project's own unit tests run in `airut-sandbox`, and what they come to is the exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.conftest import COMMAND, ENVIRONMENT

ROOT = Path(__file__).parents[2]
PACKAGES = next(path for path in sys.path if path.endswith("site-packages")).removeprefix(f"{ROOT}/")
"""The environment that was set up outside, before anything untrusted ran: `uv sync` in the checkout."""
PYTEST = (
    *("env", f"PYTHONPATH=/workspace/{PACKAGES}"),  # the rest is in .airut/sandbox.yaml
    *("python3", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
)
OURS = tuple(f"tests/models/{noun}" for noun in ("policy", "hosts", "mail", "slack", "tasks", "threads", "telemetry"))
"""Those that decide and start nothing. Others of that folder want npm, which the base image has not."""


@pytest.mark.usefixtures("workspace")  # says what is missing where there is no Podman
def test_our_own_unit_tests_pass_inside() -> None:
    done = subprocess.run(
        [*COMMAND, "run", "--", *PYTEST, *OURS], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=200
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:]
    passed, word = last.split()[:2]
    assert word == "passed"
    assert int(passed) > 400
    assert "failed" not in last
    assert "skipped" not in last

"""`airut-sandbox` needs no server, and starts as fast as what it needs can be loaded."""

import subprocess
import sys

HEAVY = ("temporalio", "slack_bolt", "opentelemetry", "starlette", "botocore", "aioimaplib", "airut.config.schema")


def test_what_a_run_does_not_load() -> None:
    look = f"import sys, airut.ci.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"

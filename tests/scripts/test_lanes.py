"""`scripts/tests` runs the lanes side by side, fails with them, and says last what failed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
LAB = """#!/usr/bin/env bash
shift 2
case "$*" in
*" tests/chaos"*)
    echo "FAILED tests/chaos/test_it.py::test_one - it did"
    echo "=== 1 failed, 2 passed in 0.1s ==="
    exit $CHAOS ;;
*) echo "=== 3 passed in 0.1s ===" ;;
esac
"""
"""In the place of the real one, which runs pytest."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("tests", "lib.sh"):
        shutil.copy(SCRIPTS / name, scripts)
    (scripts / "lab").write_text(LAB)
    (scripts / "lab").chmod(0o755)
    return tmp_path


def ran(checkout: Path, code: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CHAOS": str(code)}
    script = str(checkout / "scripts" / "tests")
    return subprocess.run([script], env=environment, capture_output=True, text=True, timeout=120)


def test_what_failed_is_named_last(checkout: Path) -> None:
    done = ran(checkout, 1)
    assert done.returncode == 1
    *_, last = done.stdout.splitlines()
    assert last == "[chaos] FAILED tests/chaos/test_it.py::test_one - it did"
    assert done.stderr.splitlines()[-1] == "[tests] error: failed: chaos"


def test_all_lanes_are_told_of(checkout: Path) -> None:
    done = ran(checkout, 0)
    assert done.returncode == 0, done.stderr
    results = [line for line in done.stdout.splitlines() if " passed in " in line]
    assert len(results) == 2 * 10  # as it comes, and at the end
    assert len(set(results)) == 10

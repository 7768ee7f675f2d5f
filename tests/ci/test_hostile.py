"""A test suite that means harm, run in `airut-sandbox`: every attempt of the penetration test, and none gets out.

That each of them does get out where there is no fence, tests/pentest shows.
"""

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from airut.adapters.podman.network import Subnet
from airut.adapters.podman.settings import RUNTIME
from airut.demo.internet import Internet
from tests.ci.conftest import COMMAND, ENVIRONMENT, Sandbox
from tests.ci.remains import sandboxes
from tests.pentest.escape.__main__ import every
from tests.pentest.fenced import (
    ALLOWLIST,
    NEIGHBOUR_PORT,
    REAL,
    REAL_APP,
    Run,
    lab_target,
    lay_out,
    listening,
    name_everything,
    results,
)
from tests.pentest.host_side import programs_run

OURS = "of the host, and of nobody else\n"
POLICY = ALLOWLIST + "  - {host: control.example.com, schemes: [http]}\n"
CONTROL = "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://control.example.com/open/x\").status)'"


@pytest.fixture
async def internet(workspace: Path) -> AsyncIterator[Internet]:
    internet = Internet.from_environment()
    await name_everything(internet)
    yield internet
    await internet.reset()


@pytest.fixture
async def neighbour(workspace: Path) -> AsyncIterator[Subnet]:
    """Another run on this host, whose command listens."""
    before = sandboxes()
    with subprocess.Popen(
        [*COMMAND, "run", "--", "sh", "-c", f"echo up; exec python3 -m http.server {NEIGHBOUR_PORT}"],
        cwd=workspace,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        (name,) = sandboxes() - before
        described = json.loads((RUNTIME / "ci" / name / "fence.json").read_text())
        yield Subnet.parse(described["subnet"])
        process.terminate()


@pytest.mark.timeout(300)  # a quarter of a minute on an idle machine
async def test_a_hostile_test_suite_gains_nothing(
    workspace: Path, sandbox: Sandbox, internet: Internet, neighbour: Subnet
) -> None:
    """The job holds real credentials, of which the command has stand-ins; another job runs beside it."""
    host_file = workspace.parent / "host.txt"
    host_file.write_text(OURS)
    target = replace(lab_target(host_file), neighbours=listening(neighbour))
    subprocess.run(["git", "init", "-q", str(workspace)], check=True)
    (workspace / ".airut").mkdir()
    (workspace / ".airut" / "network-allowlist.yaml").write_text(POLICY)
    (workspace / ".airut" / "sandbox.yaml").write_text(
        f"credentials:\n  {target.variable}: {{value: !env {target.variable}, hosts: [{target.allowed}]}}\n"
        f"  {target.app_variable}: {{value: !env {target.app_variable}, hosts: [api.github.com]}}\n"
    )
    lay_out(workspace, target)
    begun = time.time()
    script = f"python3 -m tests.pentest.escape --json target.json; code=$?; {CONTROL}; exit $code"
    tokens = {target.variable: REAL, target.app_variable: REAL_APP}
    done = await asyncio.to_thread(sandbox, "run", "--", "sh", "-c", script, env=tokens)
    await asyncio.sleep(0.2)  # what is under way arrives
    report = await internet.report(since=begun)
    run = Run(tuple(results(done.stdout.encode())), report, workspace, workspace, workspace)

    assert {(result.group, result.name) for result in run.results} == {(a.group, a.name) for a in every()}
    assert run.escaped() == {}
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "200")  # the one thing that is allowed works
    assert not any(text in done.stdout + done.stderr for text in (REAL, REAL_APP, OURS))
    assert not any(secret in str(request) for secret in (REAL, REAL_APP) for request in report.requests)
    # The next run in the same folder is ours again: it runs nothing that was left there.
    assert (await asyncio.to_thread(sandbox, "run", "--", "true", env=tokens)).returncode == 0
    assert programs_run(run) == set()

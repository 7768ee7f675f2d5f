"""A test suite that means harm, run in `airut-sandbox`: every attempt of the penetration test, and none gets out.

That each of them does get out where there is no fence, tests/pentest shows.
"""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from airut.adapters.podman.network import Subnet
from airut.adapters.podman.settings import RUNTIME
from airut.demo.control import InstalledApp
from airut.demo.internet import Internet
from airut.demo.repositories import seed_repository
from tests.ci.conftest import COMMAND, ENVIRONMENT, Sandbox
from tests.ci.remains import sandboxes
from tests.pentest.escape.__main__ import every
from tests.pentest.fenced import (
    ALLOWLIST,
    NEIGHBOUR_PORT,
    REAL,
    Run,
    lab_target,
    lay_out,
    listening,
    name_everything,
    results,
)
from tests.pentest.host_side import programs_run
from tests.support.github_app import PEM, PUBLIC, forge_state

OURS = "of the host, and of nobody else\n"
POLICY = ALLOWLIST + "  - {host: control.example.com}\n"
CONTROL = "python3 -c 'import urllib.request as u; print(u.urlopen(\"https://control.example.com/open/x\").status)'"
WAITED_FOR = "touch begun; until [ -e go ]; do sleep 0.05; done"
CREDENTIALS = """\
credentials:
  {target.variable}: {{value: !env {target.variable}, hosts: [{target.allowed}]}}
  {target.app_variable}:
    {{kind: github_app, app_id: 1, installation_id: 2, private_key: !file {key}, repositories: [acme/web]}}
"""


@pytest.fixture
async def internet(workspace: Path, tmp_path: Path) -> AsyncIterator[Internet]:
    """One whose api.github.com gives tokens to the App."""
    internet = Internet.from_environment()
    seed_repository(tmp_path / "hosted", {"README.md": "# Web\n"})
    app = InstalledApp(id=1, public_key=PUBLIC, installations={2: ("acme/web",)})
    await internet.serve_repositories(tmp_path / "hosted", app=app)
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
    host_file, key = workspace.parent / "host.txt", workspace.parent / "app.pem"
    host_file.write_text(OURS)
    key.touch(mode=0o600)
    key.write_text(PEM)
    target = replace(lab_target(host_file), neighbours=listening(neighbour))
    subprocess.run(["git", "init", "-q", str(workspace)], check=True)
    (workspace / ".airut").mkdir()
    (workspace / ".airut" / "network-allowlist.yaml").write_text(POLICY)
    (workspace / ".airut" / "sandbox.yaml").write_text(CREDENTIALS.format(target=target, key=key))
    lay_out(workspace, target)
    begun = time.time()
    script = f"{WAITED_FOR}; python3 -m tests.pentest.escape --json target.json; code=$?; {CONTROL}; exit $code"
    authority = f"{os.environ['AIRUT_LAB_CA_DIR']}/ca.pem"
    given = {target.variable: REAL, "SSL_CERT_FILE": authority}
    running = asyncio.create_task(
        asyncio.to_thread(sandbox, "run", "--extra-ca", authority, "--", "sh", "-c", script, env=given)
    )
    while not (workspace / "begun").exists():
        assert not running.done(), (await running).stderr
        await asyncio.sleep(0.05)
    (token,) = (await forge_state()).granted
    await internet.reset()  # from here on api.github.com is a place that writes down what arrives
    await name_everything(internet)
    (workspace / "go").touch()
    done = await running
    await asyncio.sleep(0.2)  # what is under way arrives
    report = await internet.report(since=begun)
    run = Run(tuple(results(done.stdout.encode())), report, workspace, workspace, workspace)

    assert {(result.group, result.name) for result in run.results} == {(a.group, a.name) for a in every()}
    assert run.escaped() == {}
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "200")  # the one thing that is allowed works
    assert not any(text in done.stdout + done.stderr for text in (REAL, token, OURS))
    # The stand-ins were swapped for the real ones on their way to their own hosts, and on no other way.
    for secret, host in ((REAL, target.allowed), (token, "api.github.com")):
        assert {r.headers.get("host") for r in report.requests if secret in str(r)} == {host}
    # The next run in the same folder is ours again: it runs nothing that was left there.
    (workspace / ".airut" / "sandbox.yaml").unlink()
    assert (await asyncio.to_thread(sandbox, "run", "--", "true")).returncode == 0
    assert programs_run(run) == set()

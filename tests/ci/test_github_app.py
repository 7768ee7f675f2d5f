"""A GitHub App as a job's credential: its token is renewed under the command, which never has it."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.demo.control import InstalledApp
from airut.demo.internet import Internet
from airut.demo.repositories import seed_repository
from tests.ci.conftest import ENVIRONMENT
from tests.support.github_app import PEM, PUBLIC, forge_state

LIFETIME = 8.0
"""Seconds in which a token is good here: what it is renewed before in earnest is five minutes, so that each look at it
brings the next one."""
COMMAND = (sys.executable, "-c", "from airut.ci import credentials, main; credentials.LOOK = 0.5; main.run()")
ASK = """\
ask() { curl -sS -o /dev/null -w "%{http_code} " -H "Authorization: Bearer $GH_TOKEN" https://api.github.com/repos/acme/web; }
until [ "$(ask)" = "200 " ]; do sleep 0.2; done  # a busy machine may have taken longer for the start than a token lives
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do ask; sleep 1; done; echo; env
"""


@pytest.fixture
async def internet(workspace: Path, tmp_path: Path) -> AsyncIterator[Internet]:
    if "AIRUT_LAB_CONTROL" not in os.environ:
        pytest.skip("needs the lab: run `make test`, or scripts/lab -- pytest")
    internet = Internet.from_environment()
    seed_repository(tmp_path / "hosted", {"README.md": "# Web\n"})
    app = InstalledApp(id=1, public_key=PUBLIC, installations={2: ("acme/web",)}, lifetime=LIFETIME)
    await internet.serve_repositories(tmp_path / "hosted", app=app)
    yield internet
    await internet.reset()


@pytest.mark.usefixtures("internet")
async def test_its_token_is_renewed_while_the_command_runs(workspace: Path) -> None:
    (workspace / ".airut").mkdir()
    key = workspace.parent / "app.pem"
    key.touch(mode=0o600)
    key.write_text(PEM)
    (workspace / ".airut" / "network-allowlist.yaml").write_text(
        "presets: [{name: github, repositories: [acme/web], access: read}]\n"
    )
    app = f"kind: github_app, app_id: 1, installation_id: 2, private_key: !file {key}, repositories: [acme/web]"
    (workspace / ".airut" / "sandbox.yaml").write_text(f"credentials:\n  GH_TOKEN: {{{app}}}\n")
    authority = f"{os.environ['AIRUT_LAB_CA_DIR']}/ca.pem"
    done = subprocess.run(
        [*COMMAND, "run", "--extra-ca", authority, "--", "sh", "-c", ASK],
        cwd=workspace,
        env={**ENVIRONMENT, "SSL_CERT_FILE": authority},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # Longer than any one of them is good: each answer was given to the token of its moment.
    assert done.stdout.splitlines()[0].split() == ["200"] * 12, done.stderr
    state = await forge_state()
    assert len(state.granted) > 2
    assert "GH_TOKEN=ghs_" in done.stdout
    assert not any(hidden in done.stdout + done.stderr for hidden in (*state.granted, *PEM.splitlines()[1:4]))

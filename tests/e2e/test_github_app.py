"""A GitHub App as a task's credential: exchanged and renewed by the worker, used by the agent, seen by nobody."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.demo.control import InstalledApp
from airut.demo.github_documents import number_of
from airut.demo.internet import Internet
from airut.demo.repositories import commit_files, seed_repository
from airut.demo.script import bash, say
from airut.demo.stage import REPOSITORY, Stage
from tests.e2e.conversation import Conversation, airut, served
from tests.e2e.test_fence import histories
from tests.proxy.github.ids import new
from tests.support.github_app import PEM, PUBLIC, forge_state

LIFETIME = 303.0  # seconds: three more than are left when a token is renewed
ALLOWLIST = """\
presets: [{name: github, repositories: [acme/web], access: read}]
"""
CREDENTIAL = """\
      GH_TOKEN: {kind: github_app, app_id: 1, installation_id: 2, private_key: !file app.pem}
    forge:
"""
ASK = 'curl -sS -o /dev/null -w "%{http_code}\\n" -H "Authorization: Bearer $GH_TOKEN"'
USE = f"""
for i in 1 2 3 4 5; do {ASK} https://api.github.com/repos/acme/web; sleep 1; done > /storage/codes
{ASK} https://api.github.com/graphql -H 'Content-Type: application/json' \
  -d '{{"query": "{{node(id: \\"{new("R", 0, number_of("acme/web"))}\\") {{id}}}}"}}' > /storage/ours
{ASK} https://api.github.com/graphql -H 'Content-Type: application/json' \
  -d '{{"query": "{{repository(owner: \\"evil\\", name: \\"x\\") {{id}}}}"}}' > /storage/theirs
(env; cat /proc/*/environ; cat /run/airut/* /run/airut/*/*) > /storage/everything 2>/dev/null; true
"""


@pytest.fixture
async def stage(tmp_path_factory: pytest.TempPathFactory, internet: Internet) -> AsyncIterator[Stage]:
    """An installation of its own, at an internet whose api.github.com has the App."""
    if "AIRUT_LAB_CONTROL" not in os.environ:
        pytest.skip("needs the lab: run `make test`, or scripts/lab -- pytest")
    folder = tmp_path_factory.mktemp("app")  # short: a socket's path has a hundred characters at most
    hosted = folder / "hosted"
    seed_repository(hosted, {"README.md": "# Web\n"})
    app = InstalledApp(id=1, public_key=PUBLIC, installations={2: ("acme/web",)}, lifetime=LIFETIME)
    await internet.serve_repositories(hosted, app=app)
    trusted = {"SSL_CERT_FILE": str(Path(os.environ["AIRUT_LAB_CA_DIR"]) / "ca.pem")}
    async with Stage(folder / "stage", {**os.environ, **trusted}, warm=0) as made:
        commit_files(
            made.repositories / f"{REPOSITORY}.git", "main", {".airut/network-allowlist.yaml": ALLOWLIST}, "GitHub"
        )
        key = made.folder / "app.pem"
        key.touch(mode=0o600)
        key.write_text(PEM)
        written = made.config_file.read_text()
        made.config_file.write_text(written.replace("    forge:\n", CREDENTIAL, 1))
        await made.up()
        await served(made)
        yield made


async def test_the_token_is_renewed_under_the_agent_and_leads_to_its_repository_only(
    stage: Stage, internet: Internet
) -> None:
    conversation = Conversation(stage, internet)
    await conversation.plays(bash(USE), say("Asked GitHub."))
    code, printed = await airut(conversation, "send", "--repo", "web", "--wait", "Ask GitHub.")
    assert (code, "Asked GitHub." in printed) == (0, True), printed

    storage = stage.folders.of(printed.splitlines()[0]).storage
    assert (storage / "codes").read_text().split() == ["200"] * 5, stage.log[-2000:]
    assert (storage / "ours").read_text() == "404\n"  # it went out: the stand-in has no GraphQL
    assert (storage / "theirs").read_text() == "403\n"
    state = await forge_state()
    assert len(state.granted) > 1
    assert state.violations == ()
    assert state.requests.count("GET /repos/acme/web") == 5

    hidden = [*state.granted, *PEM.splitlines()[1:4]]
    inside = (storage / "everything").read_text(errors="replace")
    assert "GH_TOKEN=ghs_" in inside
    places = {
        "the container": inside,
        "the log": stage.log,
        "Temporal's histories": (await histories(await stage.client())).decode(errors="replace"),
    }
    for path in (stage.folder / "state").rglob("*"):
        if path.is_file() and not path.is_symlink():
            places[str(path)] = path.read_bytes().decode(errors="replace")
    for number, secret in enumerate(hidden):
        assert [place for place, text in places.items() if secret in text] == [], f"secret {number}"

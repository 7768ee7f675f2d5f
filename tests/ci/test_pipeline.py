"""Whole jobs, as a runner has them: a git server, the runner's variables, the scripts in their order, a real sandbox."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from airut.demo.git_server import GitServer
from tests.ci.conftest import STATE
from tests.ci.repository import NAME, Served

CI = Path(__file__).parents[2] / "ci"
TOKEN = "ghs_" + "t" * 36
SECRET = "only-for-the-base"
LOOK = """
echo "::error::owned"
echo "::stop-commands::"
git rev-parse --abbrev-ref HEAD
cat app.txt link | head -4
cat .airut/network-allowlist.yaml
env
curl -sS -m 60 https://example.com/a || true
exit 7
"""


@pytest.fixture
def served(tmp_path: Path) -> Served:
    if os.getuid() == 0 or not shutil.which("podman"):
        pytest.skip("needs rootless Podman: run it as `scripts/lab -- pytest …`")
    return Served(tmp_path)


@pytest.fixture
async def server(tmp_path: Path, served: Served) -> AsyncIterator[GitServer]:
    async with GitServer(tmp_path / "served", [TOKEN]) as running:
        yield running


class Runner:
    """What the steps of one job have in common."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.job = folder / "job"
        kept = ("HOME", "XDG_RUNTIME_DIR", "AIRUT_CGROUP_PARENT", "AIRUT_BUILD_CA", "LANG")
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **{name: os.environ[name] for name in kept if name in os.environ},
            "XDG_STATE_HOME": str(STATE),
            "AIRUT_SANDBOX_ENFORCE": "best_effort",
            "AIRUT_JOB": str(self.job),
            "AIRUT_CACHE": "false",
            "AIRUT_TOKEN": TOKEN,
            "REAL_KEY": SECRET,
            "JOB_TOKEN_OF_THE_RUNNER": TOKEN,
            **environment,
        }

    async def step(self, script: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            CI / script,
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()


def github(folder: Path, server: GitServer, head: str, command: str, *, fork: bool = False) -> Runner:
    repo = {"full_name": "eve/web" if fork else NAME}
    event = {
        "repository": {"default_branch": "main"},
        "pull_request": {"base": {"ref": "main"}, "head": {"sha": head, "repo": repo}},
    }
    (folder / "event.json").write_text(json.dumps(event))
    return Runner(
        folder,
        {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_ENV": str(folder / "environment"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_SERVER_URL": server.url,
            "GITHUB_REPOSITORY": NAME,
            "INPUT_COMMAND": command,
            "AIRUT_COMMAND": command,
            "INPUT_CACHE": "false",
        },
    )


async def until_run(runner: Runner) -> tuple[int, str]:
    """All steps of the action up to the one with the command; that one's exit code and output."""
    for script in ("github/plan.sh", "install.sh", "fetch.sh", "images.sh"):
        code, out = await runner.step(script)
        assert code == 0, out
    return await runner.step("github/run.sh")


def obeyed(out: str) -> list[str]:
    """What GitHub's runner takes for commands to it, which is nothing between the two lines that turn them off and on."""
    before, token, rest = re.split(r"^::stop-commands::(\S+)$", out, maxsplit=1, flags=re.MULTILINE)
    inside, _, after = rest.partition(f"\n::{token}::\n")
    assert len(token) > 30
    assert "::error::owned" in inside
    return re.findall(r"^(?:::|##\[).*$", before + after, re.MULTILINE)


async def test_a_hostile_head_on_github(tmp_path: Path, served: Served, server: GitServer) -> None:
    marker = tmp_path / "marker"
    runner = github(tmp_path, server, served.hostile(marker), LOOK)
    code, out = await until_run(runner)
    assert code == 7, out

    # The head's files were there, merged into the base; and the base's policy held.
    assert "one\ntwo\nthree\nroot:x:0:0" in out.replace("\r", "")
    assert 'domains: ["*"]' in out
    log = (runner.job / "logs" / "network.jsonl").read_text()
    assert [entry["decision"] for entry in map(json.loads, log.splitlines()) if entry.get("host") == "example.com"] == [
        "blocked"
    ]
    # Nothing of it ran out here, and nothing of the runner's was in there.
    assert not marker.exists()
    assert [name for name in (TOKEN, SECRET, "GITHUB_", "AIRUT_JOB", str(tmp_path)) if name in out] == []
    # It gives no orders, and is told of in the summary.
    assert [line.partition("::")[2].partition(" ")[0] for line in obeyed(out)] == ["notice", "notice", "warning"]
    summary = (tmp_path / "summary.md").read_text()
    assert (
        "<li><code>.airut/network-allowlist.yaml</code></li>\n<li><code>.airut/container/Dockerfile</code></li>"
        in summary
        or (
            "<li><code>.airut/container/Dockerfile</code></li>\n<li><code>.airut/network-allowlist.yaml</code></li>"
            in summary
        )
    )
    assert "<td><code>GET https://example.com/a</code></td><td><code>host_not_allowed</code></td><td>1</td>" in summary
    assert sorted(path.name for path in (runner.job / "logs").iterdir()) == [
        "annotations", "junit.xml", "network.jsonl", "summary.md"
    ]  # fmt: skip

    assert await runner.step("wipe.sh") == (0, "")
    assert not (runner.job / "source").exists()
    assert not [path for path in runner.job.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


async def test_a_head_that_cannot_be_merged(tmp_path: Path, served: Served, server: GitServer) -> None:
    head = served.commit("topic", {"app.txt": "one\nmine\nthree\n", "both\nlines": "mine\n", "more.txt": "\n"})
    served.commit("main", {"app.txt": "one\ntheirs\nthree\n", "both\nlines": "theirs\n"})
    runner = github(tmp_path, server, head, "touch ran")
    code, out = await until_run(runner)
    assert code == 125
    assert '  app.txt\n  "both\\nlines"\n' in out.replace("\r", "")
    assert "airut-sandbox: the head cannot be merged into the base: it conflicts in the files above." in out
    assert not (runner.job / "source" / "ran").exists()

    runner.environment["INPUT_MERGE"] = "false"
    for script in ("github/plan.sh", "fetch.sh"):
        assert (await runner.step(script))[0] == 0
    assert (await runner.step("github/run.sh"))[0] == 0
    assert (runner.job / "source" / "app.txt").read_text() == "one\nmine\nthree\n"
    assert (runner.job / "source" / "ran").exists()


async def test_a_merge_request_of_gitlab(tmp_path: Path, served: Served, server: GitServer) -> None:
    marker = tmp_path / "marker"
    head = served.hostile(marker)
    runner = Runner(
        tmp_path,
        {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_PROJECT_URL": f"{server.url}/{NAME}",
            "CI_PROJECT_PATH": NAME,
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_SHA": head,
            "CI_JOB_TOKEN": TOKEN,
            "CI_MERGE_REQUEST_PROJECT_URL": f"{server.url}/{NAME}",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "AIRUT_COMMAND": LOOK,
            "AIRUT_FOLDER": ".airut",
        },
    )
    runner.environment["AIRUT_COMMAND"] = "pwd; cat network-allowlist.yaml; env; touch ../made; chmod 500 ..; exit 3"
    code, out = await runner.step("gitlab/job.sh")
    assert code == 3, out
    assert "/workspace/.airut\n" in out.replace("\r", "")
    assert 'domains: ["*"]' in out
    assert [name for name in (TOKEN, SECRET, "CI_PROJECT") if name in out] == []
    assert not marker.exists()
    assert (runner.job / "source" / "made").exists()
    assert '<testcase classname="airut-sandbox.command"' in (runner.job / "logs" / "junit.xml").read_text()
    assert await runner.step("wipe.sh") == (0, "")
    assert not (runner.job / "source").exists()

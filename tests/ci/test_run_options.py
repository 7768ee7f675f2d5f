"""What the options of `airut-sandbox run` do, on real Podman. Each run costs seconds, so that several are seen in one."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.ci.conftest import COMMAND, ENVIRONMENT, Sandbox

TOKEN = "ghp_" + "a1B2" * 9
FETCH = "import urllib.request as u; u.urlopen('http://x.example.com/a', timeout=60)"


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@a.test")
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_settings_file_and_what_is_said_over_it(sandbox: Sandbox, workspace: Path, tmp_path: Path) -> None:
    (workspace / ".airut").mkdir()
    (workspace / ".airut" / "sandbox.yaml").write_text(
        "env: {LEVEL: info, KIND: file}\npass_env: [FROM_HERE]\nlimits: {pids: 64}\n"
        "credentials: {DEPLOY: {value: !env REAL, hosts: [x.example.com]}}\nmounts: ['fixtures:/data:ro']\n"
    )
    (workspace / "fixtures").mkdir()
    (workspace / "fixtures" / "one").write_text("fixture")
    (extra := tmp_path / "extra").mkdir()
    script = (
        "echo $LEVEL $KIND $FROM_HERE; echo $DEPLOY; cat /data/one; echo; touch /data/two 2>/dev/null || echo read-only; "
        "echo kept >/extra/made; pwd; touch /workspace/x 2>/dev/null || echo closed; grep -c . /proc/self/limits >/dev/null"
    )
    done = sandbox(
        "run", "--env", "LEVEL=debug", "--mount", f"{extra}:/extra", "--workdir", "fixtures", "--read-only-workspace",
        "--json", "--", "sh", "-c", script, env={"FROM_HERE": "here", "REAL": TOKEN},
    )  # fmt: skip
    plain, stand_in, *rest = done.stdout.splitlines()
    assert (done.returncode, plain) == (0, "debug file here"), done.stderr
    assert stand_in.startswith("ghp_")
    assert stand_in != TOKEN
    assert rest == ["fixture", "read-only", "/workspace/fixtures", "closed"]
    assert (extra / "made").read_text() == "kept\n"
    assert json.loads(done.stderr)["exit_code"] == 0
    assert TOKEN not in done.stdout + done.stderr


def test_the_policy_of_another_commit(sandbox: Sandbox, workspace: Path) -> None:
    (workspace / ".airut").mkdir()
    settings = workspace / ".airut" / "sandbox.yaml"
    settings.write_text("env: {WHO: base}\n")
    git(workspace, "init", "-q", "-b", "main")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "base")
    settings.write_text("env: {WHO: head}\nnetwork: {enabled: false}\n")
    done = sandbox("run", "--policy-ref", "main", "--", "sh", "-c", "echo $WHO")
    assert (done.returncode, done.stdout) == (0, "base\n")
    assert done.stderr == (
        "airut-sandbox: the policy is changed here, and was not used as changed: .airut/sandbox.yaml\n"
    )
    refused = sandbox("run", "--", "true")
    assert refused.returncode == 125
    assert "counts only with --allow-open-network" in refused.stderr
    no_authority = sandbox("run", "--allow-open-network", "--extra-ca", "no.pem", "--", "true")
    assert (no_authority.returncode, no_authority.stderr) == (125, "airut-sandbox: --extra-ca: there is no no.pem\n")
    absent = sandbox("run", "--policy-ref", "nowhere", "--", "true")
    assert (absent.returncode, "there is no commit nowhere here" in absent.stderr) == (125, True)


def test_what_is_blocked_is_told_and_kept(sandbox: Sandbox, workspace: Path, tmp_path: Path) -> None:
    log = tmp_path / "network.jsonl"
    words = tmp_path / "words"
    done = sandbox(
        "run", "--network-log", str(log), "--network-log-live", "--log", str(words), "--",
        "sh", "-c", f'echo said; python3 -c "{FETCH}" 2>/dev/null; exit 3',
    )  # fmt: skip
    assert (done.returncode, done.stdout, words.read_text()) == (3, "said\n", "said\n")
    asked = [json.loads(line) for line in log.read_text().splitlines()]
    assert any(entry.get("host") == "x.example.com" and entry.get("decision") == "blocked" for entry in asked)
    live, told = "airut-sandbox: network: blocked: GET http://x.example.com/a", "airut-sandbox: blocked: GET "
    assert live in done.stderr
    assert told in done.stderr


@pytest.mark.skipif("AIRUT_LAB_CA_DIR" not in os.environ, reason="needs the lab: scripts/lab -- pytest …")
def test_a_host_of_ones_own_authority(sandbox: Sandbox, workspace: Path) -> None:
    (workspace / ".airut").mkdir()
    (workspace / ".airut" / "network-allowlist.yaml").write_text("domains: [echo.example.com]\n")
    fetch = ("python3", "-c", "import urllib.request as u; print(u.urlopen('https://echo.example.com/').status)")
    authority = f"{os.environ['AIRUT_LAB_CA_DIR']}/ca.pem"
    done = sandbox("run", "--extra-ca", authority, "--", *fetch)
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")
    assert sandbox("run", "--", *fetch).returncode == 1  # nobody vouches for it


def test_artifacts_come_out_and_links_do_not(sandbox: Sandbox, tmp_path: Path) -> None:
    target = tmp_path / "out"
    script = (
        "mkdir -p r/sub; echo one >r/sub/a; ln -s /etc/passwd r/link; mkfifo r/pipe; ln r/sub/a r/again; echo b >r/b"
    )
    done = sandbox("run", "--artifact", f"r:{target}", "--artifact", f"gone:{tmp_path}/gone", "--", "sh", "-c", script)
    assert done.returncode == 0
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*")) == ["b", "sub"]
    assert [line.removeprefix("airut-sandbox: not copied: ") for line in done.stderr.splitlines()] == [
        "r/again: has several names",
        "r/link: a link",
        "r/pipe: no regular file",
        "r/sub/a: has several names",
        "gone: is not there",
    ]


def test_the_time_limit(sandbox: Sandbox) -> None:
    done = sandbox("run", "--timeout", "2s", "--", "sleep", "60")
    assert done.returncode == 124
    assert "airut-sandbox: " in done.stderr


def test_a_terminal(workspace: Path) -> None:
    """`-t` is a terminal inside as well, with our size."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*COMMAND, "run", "-i", "-t", "--", "sh", "-c", "test -t 0 && test -t 1 && echo terminal"],
        cwd=workspace, env=ENVIRONMENT, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 4096):
            said += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert running.stderr is not None
    with running.stderr as errors:
        assert (running.wait(60), b"terminal" in said) == (0, True), errors.read()


def test_one_that_is_kept_stays_until_it_is_swept(sandbox: Sandbox) -> None:
    done = sandbox("run", "--keep", "--name", "looked-at", "--", "true")
    assert (done.returncode, "kept: container airut-looked-at" in done.stderr) == (0, True)
    assert sandbox("run", "--", "true").returncode == 0
    again = sandbox("run", "--name", "looked-at", "--", "true")
    assert (again.returncode, "there is a run of the name looked-at" in again.stderr) == (125, True)
    assert sandbox("sweep").stdout == ""
    assert sandbox("sweep", "--kept").stdout == "removed looked-at\n"


@pytest.mark.parametrize("arguments", [("--no-build", "--container", "img"), ("--dockerfile", "absent")])
def test_what_cannot_be_had_is_said(sandbox: Sandbox, workspace: Path, arguments: tuple[str, ...]) -> None:
    (workspace / "img").mkdir()
    (workspace / "img" / "Dockerfile").write_text("FROM airut/base\nRUN true\n")
    done = sandbox("run", *arguments, "--", "true")
    assert done.returncode == 125
    assert done.stderr.startswith("airut-sandbox: ")

"""`airut-sandbox run` on real Podman: the command's streams, its exit code, and that nothing stays."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.ci.conftest import COMMAND, ENVIRONMENT, STATE, Sandbox

SECONDS = 120.0
"""For an end that takes one or two."""


def left() -> list[str]:
    """What there is of runs on this host."""
    said = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        for command in (
            ["podman", "ps", "-a", "--filter", "label=airut.installation=ci", "--format", "{{.Names}}"],
            ["podman", "network", "ls", "--filter", "label=airut.owner=cli", "--format", "{{.Name}}"],
        )
    ]
    return [*said[0], *said[1], *(folder.name for folder in (STATE / "airut-sandbox" / "runs").glob("*"))]


def test_a_command_in_the_workspace(sandbox: Sandbox, workspace: Path) -> None:
    (workspace / "given").write_text("from outside")
    done = sandbox("run", "--", "sh", "-c", "pwd; cat given; echo err >&2; id -u; echo made >made; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "/workspace\nfrom outside1000\n", "err\n")
    assert (workspace / "made").read_text() == "made\n"
    assert left() == []


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (("no-such-program",), 127, "airut-sandbox: no-such-program: No such file or directory\n"),
        (("/etc",), 126, "airut-sandbox: /etc: Permission denied\n"),
        (("sh", "-c", "kill -SEGV $$"), 139, ""),
        (("sh", "-c", "kill -KILL $$"), 137, ""),
    ],
)
def test_exit_codes(sandbox: Sandbox, command: tuple[str, ...], code: int, said: str) -> None:
    done = sandbox("run", "--", *command)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


def test_standard_input_arrives_whole(sandbox: Sandbox) -> None:
    given = "line\n" * 200_000  # more than a pipe holds
    done = sandbox("run", "-i", "--", "sh", "-c", "wc -c; cat", given=given)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1000000\n", "")


def test_without_i_there_is_no_input(sandbox: Sandbox) -> None:
    assert sandbox("run", "--", "cat", given="not for you").stdout == ""


def test_output_is_not_held_back(workspace: Path) -> None:
    """A question without a newline is seen before it is answered."""
    talk = subprocess.Popen(
        [*COMMAND, "run", "-i", "--", "sh", "-c", "printf 'name? '; read name; echo hello $name"],
        cwd=workspace,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert talk.stdin
    assert talk.stdout
    assert talk.stdout.read(6) == b"name? "
    talk.stdin.write(b"Ada\n")
    talk.stdin.close()
    with talk.stdout:
        assert (talk.stdout.read(), talk.wait(SECONDS)) == (b"hello Ada\n", 0)


def test_nothing_is_allowed_without_a_policy(sandbox: Sandbox) -> None:
    fetch = "import urllib.request as u; u.urlopen('http://x.example.com/', timeout=5)"
    done = sandbox("run", "--", "python3", "-c", fetch)
    assert done.returncode == 1
    assert "Error" in done.stderr


@pytest.mark.parametrize(
    ("number", "trap", "code"),
    [
        (signal.SIGINT, "trap 'echo saved; exit 0' INT", 130),
        (signal.SIGTERM, "trap 'echo saved; exit 0' TERM", 143),
    ],
)
def test_a_signal_ends_the_command_in_good_order(workspace: Path, number: int, trap: str, code: int) -> None:
    running = begun(workspace, f"{trap}; echo up; while :; do sleep 0.1; done")
    running.send_signal(number)
    said, errors = running.communicate(timeout=SECONDS)
    name = signal.Signals(number).name
    assert (running.returncode, said) == (code, "saved\n")
    assert errors.endswith(f"airut-sandbox: {name} received, the command was ended\n")  # after the shell's own words
    assert left() == []


def test_the_second_signal_kills(workspace: Path) -> None:
    running = begun(workspace, "trap 'echo heard' INT; trap '' TERM; echo up; while :; do sleep 0.1; done")
    running.send_signal(signal.SIGINT)
    assert running.stdout
    assert running.stdout.readline() == "heard\n"  # two signals that come at once are one
    begun_at = time.monotonic()
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=SECONDS)
    assert running.returncode == 130
    assert time.monotonic() - begun_at < 25  # and not the thirty seconds that an interrupted command has
    assert left() == []


def test_what_a_killed_run_left_is_gone_after_the_next(workspace: Path, sandbox: Sandbox) -> None:
    running = begun(workspace, "echo up; sleep 1000")
    running.kill()
    running.communicate(timeout=SECONDS)
    assert left() != []
    assert sandbox("run", "--", "true").returncode == 0
    assert left() == []


def begun(workspace: Path, script: str) -> subprocess.Popen[str]:
    """A run whose command has said `up`."""
    running = subprocess.Popen(
        [*COMMAND, "run", "--", "sh", "-c", script],
        cwd=workspace,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    assert running.stdout.readline() == "up\n"
    return running

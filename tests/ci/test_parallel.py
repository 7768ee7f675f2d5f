"""Two runs at once on one host know nothing of each other, whatever becomes of one of them."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.ci.conftest import COMMAND, ENVIRONMENT, Sandbox
from tests.ci.remains import sandboxes, traces

ECHO = "echo up; while read line; do echo $line >said; cat said; done; echo bye; exit 3"
"""Answers each line, through a file of the workspace."""
SECONDS = 120.0
"""For what takes one."""


class Talk:
    """A run whose command answers."""

    def __init__(self, workspace: Path) -> None:
        self.before = sandboxes()
        self.process = subprocess.Popen(
            [*COMMAND, "run", "-i", "--", "sh", "-c", ECHO],
            cwd=workspace,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.heard() == "up\n"
        (self.sandbox_id,) = sandboxes() - self.before

    def heard(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def says(self, line: str) -> str:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.heard()

    def end(self) -> tuple[int, str, str]:
        said, errors = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, said, errors


def test_one_is_killed_and_the_other_goes_on(workspace: Path, sandbox: Sandbox) -> None:
    other = workspace.parent / "other"
    shutil.copytree(workspace, other)
    killed, stays = Talk(workspace), Talk(other)
    assert killed.sandbox_id != stays.sandbox_id
    assert (killed.says("mine"), stays.says("yours")) == ("mine\n", "yours\n")
    assert ((workspace / "said").read_text(), (other / "said").read_text()) == ("mine\n", "yours\n")

    killed.process.kill()
    killed.end()
    assert killed.sandbox_id in sandboxes()  # or the sweep below has nothing to prove
    assert stays.says("still there?") == "still there?\n"

    assert sandbox("run", "--", "true").returncode == 0  # the next run, which sweeps
    assert until(lambda: not traces(killed.sandbox_id)), traces(killed.sandbox_id)
    assert killed.sandbox_id not in sandboxes()
    assert stays.says("and now?") == "and now?\n"
    assert stays.end() == (3, "bye\n", "")
    assert sandboxes() - stays.before == set()
    assert until(lambda: not traces(stays.sandbox_id)), traces(stays.sandbox_id)


def until(holds: Callable[[], bool]) -> bool:
    """Processes of an engine end a moment after what they watched."""
    limit = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > limit:
            return False
        time.sleep(0.1)
    return True

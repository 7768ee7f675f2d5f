"""What scripts share: waiting for a child, and for no other process."""

import subprocess
from pathlib import Path

import pytest

LIB = Path(__file__).parents[2] / "scripts" / "lib.sh"

ENDED_LONG_AGO = """
(exit 3) &
child=$!
while [[ -e /proc/$child ]]; do sleep 0.1; done
# Its number is another's by now: one that is no child of this shell.
(echo $((child - 1)) >/proc/sys/kernel/ns_last_pid; sleep 600 >/dev/null & echo "the number of $!, of $child")
await "$child"
"""
INTERRUPTED = """
trap 'echo trapped' USR1
(sleep 0.2; kill -USR1 $$; sleep 0.4; exit 4) &
child=$!
await "$child"
"""
KILLED = """
sleep 60 &
child=$!
(sleep 0.2; kill -KILL $child) &
await "$child"
"""


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [(ENDED_LONG_AGO, 3, "the number of"), (INTERRUPTED, 4, "trapped"), (KILLED, 137, "")],
    ids=["its number is another's", "a trap in between", "killed"],
)
def test_a_child_is_waited_for(script: str, code: int, said: str) -> None:
    """In a process namespace of its own, where numbers can be given."""
    words = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc")
    shell = ("bash", "-c", f"set -u; source '{LIB}'\n{script}")
    ran = subprocess.run([*words, *shell], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, said in ran.stdout) == (code, True), ran.stderr
    if script is ENDED_LONG_AGO:
        number, its = ran.stdout.split()[3].rstrip(","), ran.stdout.split()[-1]
        assert number == its

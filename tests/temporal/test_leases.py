"""A lease tells whether the process that took it lives."""

import subprocess
import sys
from pathlib import Path

from airut.temporal.leases import Leases

TAKE = "import sys, pathlib; from airut.temporal.leases import Leases; print(Leases(pathlib.Path(sys.argv[1])).take('host'), flush=True); "


def test_a_lease_ends_with_its_process_however_that_ended(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    assert leases.ended() == frozenset()
    mine = leases.take("control")
    other = subprocess.Popen(
        [sys.executable, "-c", TAKE + "sys.stdin.read()", str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        assert other.stdout is not None
        theirs = other.stdout.readline().decode().strip()
        assert leases.ended() == frozenset()
        other.kill()
    assert leases.ended() == {theirs}
    assert Leases(tmp_path).ended() == {theirs}  # whoever asks
    assert mine.startswith("control@")

    leases.forget(frozenset({theirs}))
    assert leases.ended() == frozenset()
    leases.release()
    assert leases.ended() == {mine}


def test_leases_of_one_process_do_not_share_a_name(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    assert leases.take("host") != leases.take("host")
    leases.release()

"""What a container's health check asks."""

import platform
import subprocess
import sys
from pathlib import Path

from airut.temporal.leases import Leases


def asked(state: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "workers.alive", str(state)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout.strip()


def test_alive_is_who_holds_a_lease_on_this_machine(tmp_path: Path) -> None:
    nobody = (1, f"no worker or intake of this machine runs on {tmp_path}")
    assert asked(tmp_path) == nobody
    leases = Leases(tmp_path)
    name = leases.take("control")
    assert asked(tmp_path) == (0, name)
    lease = tmp_path / "workers" / f"{name}.lease"
    other = lease.rename(lease.with_name(lease.name.replace(f"@{platform.node()}:", "@another-container:")))
    assert asked(tmp_path) == nobody
    other.rename(lease)
    leases.release()
    assert asked(tmp_path) == nobody

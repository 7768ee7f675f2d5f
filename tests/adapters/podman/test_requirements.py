"""The proxy image holds what the lock says."""

import subprocess

from airut.adapters.podman.sources import SOURCES

COMMAND = "uv export --frozen --only-group proxy --no-emit-project --no-header --no-annotate --format requirements-txt"


def test_the_proxy_is_pinned_by_the_lock() -> None:
    """To make the file again: the output of `COMMAND`."""
    exported = subprocess.run(COMMAND.split(), cwd=SOURCES, capture_output=True, text=True, check=True).stdout
    assert (SOURCES / "proxy_dependencies" / "requirements.txt").read_text() == exported

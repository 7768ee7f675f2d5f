"""One `airut up` for each state folder."""

import os
from pathlib import Path

import pytest

from airut.config.running import running, take
from airut.errors import AlreadyRunning


def test_the_second_one_is_refused_with_the_first_ones_process_and_the_remedy(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert running(state) is None
    held = take(state)
    assert running(state) == os.getpid()
    with pytest.raises(AlreadyRunning, match=rf"runs already on {state} \(process {os.getpid()}\); `airut down`"):
        take(state)
    take(tmp_path / "another")
    os.close(held)  # as the kernel does when the process ends
    assert running(state) is None
    os.close(take(state))

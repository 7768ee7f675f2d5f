"""Several machines: whatever dies of them, each message is answered once; threads of one that is gone go on elsewhere."""

import os
from pathlib import Path

import pytest

from tests.chaos.topology import COMPONENTS, run_topology

SEED = 20261126
MESSAGES = 60


@pytest.mark.timeout(600)  # two minutes on a quiet machine, one of which is the wait for a host that is gone
async def test_two_hosts_and_two_control_workers_on_an_external_temporal(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    if "AIRUT_LAB_CONTROL" not in os.environ:
        pytest.skip("needs the lab: run `make test`, or scripts/lab -- pytest")
    folder: Path = tmp_path_factory.mktemp("topology")
    record = await run_topology(folder, os.environ, SEED, MESSAGES)
    log = (folder / "airut.log").read_text(errors="replace")
    assert record.good, f"{record}\n{log[-6000:]}"
    assert record.messages.kills > len(COMPONENTS)  # each, and the mail server's numbers
    assert "search attributes made: AirutRepo" in log

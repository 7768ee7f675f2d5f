"""What the tests of the agent's activity have in common."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities import running_agent as running_module
from airut.models.hosts.sandbox import sandbox_id
from airut.models.threads.steering import EndIntent
from tests.activities.agent_bench import TASK, Bench


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    at_once = EndIntent(tool_grace_s=0.0, kill_after_s=0.3)  # half a minute would only make the test slow
    monkeypatch.setattr(running_module, "AT_ONCE", at_once)
    monkeypatch.setattr(running_module, "LAST_GRACE", 0.5)
    made = Bench(tmp_path)
    yield made
    await made.sandboxes.remove(sandbox_id(TASK.id, 1))

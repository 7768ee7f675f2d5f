"""The proxy's own fixtures."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.proxy.fence import Fence, make_fence


@pytest.fixture(scope="package")
async def shared_fence(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fence]:
    """One proxy process for all tests that only change its rules."""
    made = await make_fence(tmp_path_factory.mktemp("fence"))
    yield made
    await made.stop()


@pytest.fixture
async def fence(shared_fence: Fence) -> AsyncIterator[Fence]:
    """The shared proxy; what it complained about in one test fails that test."""
    before = complaints(shared_fence)
    yield shared_fence
    shared_fence.names.names.clear()
    shared_fence.names.asked.clear()
    assert "\n".join(complaints(shared_fence)[len(before) :]) == ""  # as one text, which pytest shows whole


def complaints(fence: Fence) -> list[str]:
    """What the process wrote, but for the line that says that a handshake was refused, as it was meant to be."""
    return [line for line in fence.stderr().splitlines() if "No TLS context was provided" not in line]


@pytest.fixture
async def own_fence(tmp_path: Path) -> AsyncIterator[Fence]:
    """A proxy of one's own, to break."""
    made = await make_fence(tmp_path)
    yield made
    await made.stop()

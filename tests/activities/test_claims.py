"""A host takes threads while it has room."""

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.claims import NO_ROOM, Claims
from airut.models.steps import HostResult


async def test_a_host_with_room_takes_the_thread() -> None:
    assert await ActivityEnvironment().run(Claims("h1", lambda: True).claim_host) == HostResult(host="h1")


async def test_a_full_host_takes_none_and_another_may() -> None:
    with pytest.raises(ApplicationError, match="no space on h1") as raised:
        await ActivityEnvironment().run(Claims("h1", lambda: False).claim_host)
    assert (raised.value.type, raised.value.non_retryable) == (NO_ROOM, False)

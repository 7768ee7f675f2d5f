"""A host takes threads while it has room, and knows what time it is."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.claims import CLOCK_WRONG, NO_ROOM, Claims
from airut.models.tasks.steps import HostResult

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def claim(*, room: bool = True, ahead: float = 0.0) -> HostResult:
    """By a host whose clock is ahead of Temporal's by so many seconds."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, started_time=NOON)
    claims = Claims("h1", lambda: room, lambda: NOON + timedelta(seconds=ahead))
    return await environment.run(claims.claim_host)


async def test_a_host_with_room_takes_the_thread() -> None:
    assert await claim() == HostResult(host="h1")


async def test_a_full_host_takes_none_and_another_may() -> None:
    with pytest.raises(ApplicationError, match="no space on h1") as raised:
        await claim(room=False)
    assert (raised.value.type, raised.value.non_retryable) == (NO_ROOM, False)


@pytest.mark.parametrize("ahead", [5.0, 0.2, -5.0])
async def test_clocks_within_five_seconds_are_good_enough(ahead: float) -> None:
    assert await claim(ahead=ahead) == HostResult(host="h1")


@pytest.mark.parametrize(("ahead", "words"), [(7.4, "7 s ahead of"), (-3600.0, "3600 s behind")])
async def test_a_host_whose_clock_is_wrong_takes_none_and_says_what_to_do(ahead: float, words: str) -> None:
    with pytest.raises(ApplicationError) as raised:
        await claim(ahead=ahead)
    assert raised.value.message == (
        f"the clock of h1 is {words} Temporal's; set it by NTP (`timedatectl set-ntp true`); until then its new threads "
        "wait, or go elsewhere"
    )
    assert (raised.value.type, raised.value.non_retryable) == (CLOCK_WRONG, False)

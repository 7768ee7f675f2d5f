"""Which channels count."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from airut.ports.slack import SlackPlace
from signals.slack.places import ASK_AGAIN, NAMES_AGE, SlackPlaces


class History:
    def __init__(self) -> None:
        self.found: tuple[SlackPlace, ...] = (
            SlackPlace(id="C1", name="general", kind="channel"),
            SlackPlace(id="C2", name="ops", kind="channel"),
        )
        self.asked = 0

    async def places(self) -> tuple[SlackPlace, ...]:
        self.asked += 1
        return self.found

    async def public_names(self) -> frozenset[str]:
        raise NotImplementedError

    async def posts(self, channel: str, oldest: float) -> AsyncIterator[dict[str, Any]]:
        raise NotImplementedError
        yield {}

    async def replies(self, channel: str, thread_ts: str, oldest: float) -> AsyncIterator[dict[str, Any]]:
        raise NotImplementedError
        yield {}


@pytest.mark.parametrize(
    ("wanted", "channel", "admitted"),
    [
        ((), "C9", True),
        (("C1",), "C1", True),
        (("C1",), "C2", False),
        (("#general",), "C1", True),
        (("#general",), "C2", False),
        (("#general", "C2"), "C2", True),
        (("#general",), "C9", False),
    ],
)
async def test_by_id_and_by_name(wanted: tuple[str, ...], channel: str, admitted: bool) -> None:
    assert await SlackPlaces(wanted, History()).admits(channel) is admitted


async def test_names_are_remembered_for_a_while() -> None:
    history, now = History(), [0.0]
    places = SlackPlaces(("#general",), history, lambda: now[0])
    assert [await places.admits("C1"), await places.admits("C2"), await places.admits("C9")] == [True, False, False]
    assert history.asked == 1
    history.found = (SlackPlace(id="C9", name="general", kind="channel"),)
    now[0] = ASK_AGAIN + 1
    assert [await places.admits("C9"), history.asked] == [True, 2]
    now[0] += NAMES_AGE + 1
    assert [await places.admits("C1"), history.asked] == [False, 3]

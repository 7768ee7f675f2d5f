"""What whole pages show while it is new: nobody waits for a list that was asked for a moment ago."""

import asyncio

import pytest

from airut.dashboard.kept import NEW, Kept
from airut.ports.thread_directory import DirectoryUnavailable


class Looks:
    """Each look finds its own number, once it is let."""

    def __init__(self) -> None:
        self.now = 100.0
        self.begun = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.away = False

    async def look(self) -> int:
        self.begun += 1
        number = self.begun
        await self.gate.wait()
        if self.away:
            raise DirectoryUnavailable("Temporal is away")
        return number

    def kept(self, old: float = 5.0) -> Kept[int]:
        return Kept(self.look, old, lambda: self.now)


@pytest.fixture
def looks() -> Looks:
    return Looks()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_many_at_once_are_one_look(looks: Looks) -> None:
    kept = looks.kept()
    assert await asyncio.gather(*(kept.get() for _ in range(10))) == [1] * 10
    looks.now += NEW - 0.1
    assert (await kept.get(), looks.begun) == (1, 1)


async def test_what_is_no_longer_new_is_shown_while_it_is_asked_for(looks: Looks) -> None:
    kept = looks.kept()
    await kept.get()
    looks.now += NEW
    looks.gate.clear()
    assert [await kept.get() for _ in range(3)] == [1, 1, 1]
    looks.gate.set()
    await settled()
    assert (await kept.get(), looks.begun) == (2, 2)


async def test_what_is_old_is_not_shown(looks: Looks) -> None:
    kept = looks.kept()
    await kept.get()
    looks.now += 5
    assert await kept.get() == 2


async def test_what_is_asked_for_afresh_is_of_now_and_kept_unless_something_newer_is(looks: Looks) -> None:
    kept = looks.kept()
    await kept.get()
    assert await kept.get(fresh=True) == 2
    assert await kept.get() == 2
    looks.gate.clear()
    slow = asyncio.create_task(kept.get(fresh=True))
    await settled()
    looks.now += 0.5
    looks.gate.set()
    assert await kept.get(fresh=True) == 4
    assert await slow == 3
    assert await kept.get() == 4


async def test_a_look_that_fails_is_told_to_who_asks_next(looks: Looks) -> None:
    kept = looks.kept()
    await kept.get()
    looks.away = True
    looks.now += NEW
    assert await kept.get() == 1  # in the background it fails
    await settled()
    with pytest.raises(DirectoryUnavailable):
        await kept.get()
    looks.away = False
    assert await kept.get() == 4


async def test_one_that_gives_up_does_not_end_the_look_of_the_others(looks: Looks) -> None:
    kept = looks.kept()
    looks.gate.clear()
    first, second = asyncio.create_task(kept.get()), asyncio.create_task(kept.get())
    await settled()
    first.cancel()
    looks.gate.set()
    assert await second == 1

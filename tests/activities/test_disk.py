"""What a thread may take of the disk, told as it is measured."""

import asyncio
from pathlib import Path

import pytest

from activities.disk import COUNTLESS_AFTER, EVERY, Quota, free_share, room
from airut.errors import TreeTooLarge, TreeUnreadable
from airut.models.hosts.disk import QuotaState
from airut.models.hosts.folders import Folders

GIB = 1024**3


class Measured:
    """Implements `airut.ports.trees.Trees`; says what it is told to."""

    def __init__(self) -> None:
        self.says: int | Exception = 0
        self.asked: list[tuple[Path, ...]] = []
        self.slow = asyncio.Event()
        self.slow.set()

    async def used(self, folders: tuple[Path, ...]) -> int:
        self.asked.append(folders)
        await self.slow.wait()
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    async def largest(self, folder: Path, count: int) -> tuple[tuple[str, int], ...]:
        if folder.name == "home":
            raise TreeUnreadable("no")
        return (("big\nname", 3 * GIB), ("small", 5 * 1024**2)) if folder.name == "workspace" else (("data", GIB),)

    async def remove(self, folder: Path) -> None:
        raise NotImplementedError


class Bench:
    def __init__(self, limit: int | None = 10 * GIB) -> None:
        self.trees = Measured()
        self.now = 0.0
        self.quota = Quota(self.trees, Folders(root=Path("/t")), limit, lambda: self.now)

    async def after(self, says: int | Exception) -> QuotaState:
        """What a look tells when a minute later that was measured."""
        self.trees.says = says
        self.now += EVERY
        await self.quota.look()
        await asyncio.sleep(0.01)
        return await self.quota.look()


@pytest.mark.parametrize(
    ("used", "warn", "full"), [(8 * GIB, False, False), (9 * GIB, True, False), (10 * GIB, True, True)]
)
async def test_warned_and_full(used: int, warn: bool, full: bool) -> None:
    state = await Bench().after(used)
    assert (state.used, state.warn, state.full) == (used, warn, full)


async def test_measured_once_a_minute_and_never_waited_for() -> None:
    bench = Bench()
    bench.trees.slow.clear()
    assert await bench.quota.look() == QuotaState(limit=10 * GIB)
    await asyncio.sleep(0)
    bench.now = 10 * EVERY  # a second one does not start while the first one runs
    await bench.quota.look()
    assert len(bench.trees.asked) == 1
    assert bench.trees.asked[0] == (Path("/t/workspace"), Path("/t/storage"), Path("/t/home"))
    await bench.quota.close()


async def test_without_a_limit_nothing_is_measured() -> None:
    bench = Bench(None)
    assert not (await bench.after(99 * GIB)).full
    assert bench.trees.asked == []


async def test_a_measurement_that_fails_ends_no_agent() -> None:
    bench = Bench()
    await bench.after(9 * GIB)
    for _ in range(COUNTLESS_AFTER + 1):
        state = await bench.after(TreeUnreadable("podman is gone"))
    assert state == QuotaState(used=9 * GIB, limit=10 * GIB)


async def test_files_beyond_counting_are_too_many() -> None:
    bench = Bench()
    states = [await bench.after(TreeTooLarge("du took more than 45 s")) for _ in range(COUNTLESS_AFTER)]
    assert [state.full for state in states] == [False] * (COUNTLESS_AFTER - 1) + [True]
    assert (await bench.after(GIB)).full is False


async def test_the_answer_names_the_largest_folders() -> None:
    bench = Bench()
    state = await bench.after(10 * GIB)
    assert state.told(await bench.quota.largest()) == (
        "workspace, storage and home of this conversation hold 10.0 GiB of 10.0 GiB (limits.disk); the largest folders "
        "are workspace/big_name (3.0 GiB), storage/data (1.0 GiB), workspace/small (5 MiB)"
    )


def test_room(tmp_path: Path) -> None:
    assert 0 < free_share(tmp_path) <= 1
    assert room(tmp_path, 0.0)
    assert not room(tmp_path, 1.01)
    assert not room(tmp_path / "absent", 0.0)

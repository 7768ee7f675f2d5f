"""A host's janitor over real folders: what is live stays, whatever goes wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.sweep import SweepRules, Sweeps, SweptHost
from airut.adapters.trees_unshared import UnsharedTrees
from airut.errors import CensusUnavailable, EngineError, EngineUnavailable
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sweep import (
    GONE_FOR,
    Life,
    Missing,
    OwnedSandbox,
    Standing,
    SweepMemory,
    SweepOrder,
    SweepReport,
)
from tests.support.fake_sandbox import FakeSandboxes
from tests.support.messages import NOON

OPEN, CLOSED, UNKNOWN = (Standing(life=life) for life in (Life.OPEN, Life.CLOSED, Life.UNKNOWN))


class Told:
    """Implements `airut.ports.census.Census`: what the test says; whatever else is unknown."""

    def __init__(self) -> None:
        self.says: dict[str, Standing | Exception] = {}
        self.then: dict[str, Standing] = {}
        """What is said from the second question on."""
        self.begins: dict[str, list[Callable[[], None]]] = {}
        """What happens at the last of as many questions."""
        self.idle: dict[str, datetime] = {}
        self.down = False

    async def standing(self, workflow: str) -> Standing:
        found = self.says.get(workflow, UNKNOWN)
        if (begin := self.begins.pop(workflow, None)) and len(begin) > 1:
            self.begins[workflow] = begin[1:]
        elif begin:
            begin[0]()
        if self.down or isinstance(found, Exception):
            raise CensusUnavailable("Temporal is away")
        if workflow in self.then:
            self.says[workflow] = self.then[workflow]
        return found

    async def idle_since(self, thread: str) -> datetime | None:
        return self.idle.get(thread)


class Left(FakeSandboxes):
    """Implements `Sandboxes`, `Leftovers` and `ImageUpkeep`; holds names only."""

    def __init__(self) -> None:
        super().__init__()
        self.there: dict[str, OwnedSandbox] = {}
        self.stuck: set[str] = set()
        self.unseen = False
        self.pruned = 0

    def add(self, sandbox_id: str, thread: str, owner: str = "task", age: timedelta = timedelta(hours=3)) -> None:
        self.there[sandbox_id] = OwnedSandbox(
            sandbox_id=sandbox_id,
            owner=owner,
            thread=thread,
            task=f"{thread}/task-1",
            started=NOON - age,
            ends=NOON - age + timedelta(hours=2),
        )

    async def owned(self) -> tuple[OwnedSandbox, ...]:
        if self.unseen:
            raise EngineUnavailable("nothing listens")
        return tuple(self.there.values())

    async def remove_unclaimed(self) -> None:
        return

    async def remove(self, sandbox_id: str) -> None:
        if sandbox_id in self.stuck:
            raise EngineError("it is stuck")
        self.there.pop(sandbox_id, None)  # what is absent is fine

    async def prune(self, keep_s: float, repos: tuple[str, ...]) -> tuple[str, ...]:
        self.pruned += 1
        return ("localhost/airut/web:old",)


class Host:
    def __init__(self, state: Path, min_free: float = 0.0) -> None:
        self.folders = ThreadFolders(state=state)
        self.census, self.left = Told(), Left()
        self.rules = SweepRules(host="here", min_free=min_free, prune_below=0.0)  # whatever disk the tests run on

    def thread(self, name: str, standing: Standing | Exception | None = None, idle: datetime | None = None) -> str:
        thread = f"web/mail/{name}"
        self.folders.of(thread).make()
        (self.folders.of(thread).storage / "notes").write_text(name)
        if standing is not None:
            self.census.says[thread] = self.census.says[f"{thread}/task-1"] = standing
        if idle is not None:
            self.census.idle[thread] = idle
        return thread

    async def sweep(self, memory: SweepMemory | None = None, now: datetime = NOON) -> SweepReport:
        parts = SweptHost(self.folders, self.census, self.left, self.left, self.left, UnsharedTrees(enter=()))
        memory = memory or SweepMemory(pruned_at=now)
        return await ActivityEnvironment().run(Sweeps(self.rules, parts).sweep_host, SweepOrder(now=now, memory=memory))


def gone(*threads: str) -> SweepMemory:
    """A memory of a day of looks at which these were over."""
    missing = tuple(Missing(thread=thread, since=NOON - GONE_FOR) for thread in threads)
    return SweepMemory(missing=missing, pruned_at=NOON)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


async def test_orphans_go_and_what_lives_stays(host: Host) -> None:
    live, ended, lost = host.thread("live", OPEN), host.thread("ended", CLOSED), host.thread("lost", UNKNOWN)
    moved = host.thread("moved", Standing(life=Life.OPEN, host="elsewhere"))
    for name in ("live", "ended", "lost", "moved"):
        host.left.add(f"s-{name}", f"web/mail/{name}")
    host.left.add("s-new", "web/mail/new", age=timedelta(minutes=1))
    host.left.add("s-cli", "", owner="cli", age=timedelta(hours=1))
    report = await host.sweep(gone(ended, lost, live))
    assert sorted(report.sandboxes) == ["s-ended", "s-lost"]
    assert sorted(host.left.there) == ["s-cli", "s-live", "s-moved", "s-new"]
    assert sorted(report.threads) == sorted([ended, lost])
    assert host.folders.all() == (live, moved)
    assert host.folders.all_set_aside() == ()
    assert report.problems == ()
    assert report.memory == SweepMemory(pruned_at=NOON, elsewhere=(Missing(thread=moved, since=NOON),))


async def test_what_a_thread_left_here_goes_once_it_has_arrived_elsewhere(host: Host) -> None:
    thread = host.thread("moved", Standing(life=Life.OPEN, host="elsewhere"))
    host.left.add("s", thread)
    first = await host.sweep()
    later = NOON + timedelta(minutes=5)
    second = await host.sweep(first.memory, later)
    assert (first.sandboxes, second.sandboxes, second.threads) == ((), (), ())
    host.census.says[thread] = Standing(life=Life.OPEN, host="here")  # its own word was under way
    assert (await host.sweep(second.memory, later)).memory.elsewhere == ()
    host.census.says[thread] = Standing(life=Life.OPEN, host="elsewhere")
    third = await host.sweep(second.memory, NOON + timedelta(minutes=10))
    assert (third.sandboxes, third.threads) == (("s",), (thread,))
    assert host.folders.all() == ()


async def test_a_folder_goes_only_after_a_day_of_looks(host: Host) -> None:
    ended = host.thread("ended", CLOSED)
    memory = SweepMemory(pruned_at=NOON)
    for hours in range(24):
        report = await host.sweep(memory, NOON + timedelta(hours=hours))
        memory = report.memory
        assert report.threads == ()
    assert memory.missing == (Missing(thread=ended, since=NOON),)
    assert (await host.sweep(memory, NOON + GONE_FOR)).threads == (ended,)


@pytest.mark.parametrize("how", ["census down", "one error", "sandboxes unseen"])
async def test_who_cannot_be_asked_about_stays(host: Host, how: str) -> None:
    thread = host.thread("lost", CensusUnavailable("no") if how == "one error" else UNKNOWN)
    host.left.add("s", thread)
    host.census.down = how == "census down"
    host.left.unseen = how == "sandboxes unseen"
    report = await host.sweep(gone(thread))
    assert (report.sandboxes, report.threads) == ((), ())
    assert report.problems
    assert report.memory.missing == gone(thread).missing
    assert host.folders.all() == (thread,)


async def test_no_folder_goes_from_under_a_sandbox(host: Host) -> None:
    thread, trigger = host.thread("lost"), "web/schedule/nightly.1"
    host.folders.of(trigger).make()
    host.left.add("s", thread)
    host.left.stuck.add("s")
    host.left.add("t", trigger, age=timedelta(hours=1))
    report = await host.sweep(gone(thread, trigger))
    assert report.threads == ()
    assert report.problems == ("sandbox s stays: it is stuck",)
    assert host.folders.all() == (thread, trigger)


async def test_a_thread_that_begins_again_in_this_moment_keeps_its_folder(host: Host) -> None:
    thread = host.thread("ended", CLOSED)
    host.census.then[thread] = OPEN
    report = await host.sweep(gone(thread))
    assert report.threads == ()
    assert (host.folders.of(thread).storage / "notes").read_text() == "ended"
    assert host.folders.all_set_aside() == ()


async def test_what_a_thread_makes_in_its_next_life_is_not_touched(host: Host) -> None:
    thread = host.thread("ended", CLOSED)

    def begin() -> None:
        host.folders.of(thread).make()
        (host.folders.of(thread).storage / "new").touch()

    host.census.begins[thread] = [begin, begin]  # at the second question, when the old folder is out of the way
    assert (await host.sweep(gone(thread))).threads == (thread,)
    assert [path.name for path in host.folders.of(thread).storage.iterdir()] == ["new"]
    assert host.folders.all_set_aside() == ()


async def test_what_a_removal_left_is_removed(host: Host) -> None:
    aside = host.folders.aside("web/mail/a")
    (aside / "deep").mkdir(parents=True)
    await host.sweep()
    assert host.folders.all_set_aside() == ()


async def test_of_a_thread_that_goes_on_the_output_of_its_newest_tasks_stays(host: Host) -> None:
    threads = {host.thread("live", OPEN): 5, host.thread("unsure", CensusUnavailable("no")): 8}
    for thread in threads:
        for number in range(1, 9):
            host.folders.of(thread).task(number, 1).mkdir(parents=True)
    await host.sweep()
    kept = {thread: len(list((host.folders.of(thread).root / "tasks").iterdir())) for thread in threads}
    assert kept == threads


async def test_a_full_host_asks_the_longest_idle_to_end(tmp_path: Path) -> None:
    host = Host(tmp_path, min_free=0.999)
    old = host.thread("old", OPEN, idle=NOON - timedelta(days=9))
    young = host.thread("young", OPEN, idle=NOON - timedelta(days=1))
    host.thread("busy", OPEN)
    report = await host.sweep(SweepMemory(pruned_at=NOON))
    assert report.ask == (old, young)
    assert "disk.min_free" in report.problems[0]
    assert host.folders.all() == ("web/mail/busy", old, young)


async def test_images_are_pruned_when_it_is_their_day(host: Host) -> None:
    assert (await host.sweep(SweepMemory(pruned_at=NOON))).images == ()
    report = await host.sweep(SweepMemory(pruned_at=NOON - timedelta(days=1)))
    assert report.images == ("localhost/airut/web:old",)
    assert report.memory.pruned_at == NOON
    assert host.left.pruned == 1


async def test_images_are_pruned_on_any_day_where_the_disk_is_full(host: Host) -> None:
    host.rules = host.rules.model_copy(update={"prune_below": 1.0})
    assert (await host.sweep(SweepMemory(pruned_at=NOON))).images == ("localhost/airut/web:old",)

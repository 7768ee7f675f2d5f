"""Copies of a running session: the newest is always there, and a day of them is no thousand blobs."""

from pathlib import Path

import pytest

from activities import transcripts as transcripts_module
from activities.transcripts import Keeper, Transcripts
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.claude_code.agent import ClaudeSessions
from airut.errors import NoSpace
from airut.models.blob import BlobRef, PassingBlob
from airut.models.hosts.folders import ThreadFolders
from tests.activities.agent_bench import TASK
from tests.support.eventually import eventually


class Growing(ClaudeSessions):
    """A transcript that is what the test says."""

    def __init__(self) -> None:
        self.content = b""

    def save(self, home: Path, session_id: str) -> bytes | None:
        return self.content


class Full(LocalBlobStore):
    """A disk that may be full."""

    full = False

    async def put_passing(self, content: bytes) -> PassingBlob:
        if self.full:
            raise NoSpace("no space")
        return await super().put_passing(content)


class Bench:
    """A keeper, and what Temporal says that it has recorded."""

    def __init__(self, folder: Path) -> None:
        self.blobs = Full(folder / "blobs")
        self.sessions = Growing()
        self.known: BlobRef | None = None
        self.asked = 0
        self.folders = ThreadFolders(state=folder)
        transcripts = Transcripts(self.folders, self.sessions, self.blobs)
        self.keeper = Keeper(transcripts, TASK.thread, "s", None, self._recorded)

    async def _recorded(self) -> BlobRef | None:
        self.asked += 1
        return self.known

    async def copy(self, content: str) -> None:
        """A minute later."""
        self.sessions.content = content.encode()
        asked = self.asked
        self.keeper.keep_now_and_then()
        await eventually(lambda: self.asked > asked or self.blobs.full)
        copying = self.keeper._task
        await eventually(lambda: copying is None or copying.done())  # what is dropped has gone by then

    def stored(self) -> set[str]:
        files = [path for path in self.blobs._root.rglob("*") if path.is_file()]
        return {path.read_text() for path in files}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(transcripts_module, "EVERY", 0.0)
    return Bench(tmp_path)


async def test_only_what_temporal_knows_and_what_is_newer_is_kept(bench: Bench) -> None:
    for content in ("1", "12", "123", "1234", "12345"):
        before = bench.keeper.newest
        await bench.copy(content)
        bench.known = before  # heartbeats come a little later
    assert bench.stored() == {"123", "1234", "12345"}
    await bench.copy("123456")
    assert bench.stored() == {"1234", "12345", "123456"}
    assert await bench.keeper.keep() == bench.keeper.newest
    assert bench.stored() == {"1234", "12345", "123456"}


async def test_nothing_is_dropped_while_temporal_cannot_be_asked(bench: Bench) -> None:
    await bench.copy("1")
    known = bench.keeper.newest
    for content in ("12", "123", "1234"):
        await bench.copy(content)
    assert bench.stored() == {"1", "12", "123", "1234"}
    bench.known = known  # it is back, and has recorded nothing since
    await bench.copy("12345")
    assert bench.stored() == {"1", "12", "123", "1234", "12345"}
    bench.known = bench.keeper.newest
    await bench.copy("123456")
    assert bench.stored() == {"12345", "123456"}


async def test_what_a_history_holds_is_not_dropped(bench: Bench) -> None:
    of_the_task_before = await bench.blobs.put(b"1")
    for content in ("1", "12", "123", "1234"):
        await bench.copy(content)
        bench.known = bench.keeper.newest
    assert bench.stored() == {"1", "123", "1234"}
    assert await bench.blobs.get(of_the_task_before) == b"1"


async def test_an_agent_that_says_nothing_has_one_copy(bench: Bench) -> None:
    for _ in range(3):
        await bench.copy("1")
        bench.known = bench.keeper.newest
    await bench.copy("12")
    bench.known = bench.keeper.newest
    await bench.copy("12")
    assert bench.stored() == {"12"}


async def test_a_full_disk_is_waited_for(bench: Bench) -> None:
    await bench.copy("1")
    first = bench.keeper.newest
    bench.blobs.full = True
    await bench.copy("12")
    assert bench.keeper.newest == first
    bench.blobs.full = False
    await bench.copy("123")
    assert bench.stored() == {"1", "123"}

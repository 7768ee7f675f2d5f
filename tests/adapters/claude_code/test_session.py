"""Which session a run goes on with. The home is the agent's: whatever lies there, one is chosen and nothing changes."""

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from airut.adapters.claude_code.session import AGAIN_MOST, LOOK, Session, choose

FIRST = "7f1d3c52-0a5e-4b6e-9f63-2d0c5a1b7e11"
IDS = [FIRST, *(str(uuid.uuid5(uuid.UUID(FIRST), f"again-{number}")) for number in range(1, AGAIN_MOST + 1))]
DEAD = '{"type":"queue-operation"}\n'
ALIVE = DEAD + '{"type":"user","message":{}}\n'


def transcripts(home: Path, *contents: str) -> None:
    folder = home / "projects" / "-workspace"
    folder.mkdir(parents=True)
    for name, content in zip(IDS, contents, strict=False):
        (folder / f"{name}.jsonl").write_text(content)


def tree(home: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_mtime_ns) for path in home.rglob("*"))


@pytest.mark.parametrize(
    ("contents", "chosen"),
    [
        ((), Session(IDS[0], resumes=False)),
        ((ALIVE,), Session(IDS[0], resumes=True)),
        ((ALIVE + '{"type":"assist',), Session(IDS[0], resumes=True)),
        (("",), Session(IDS[1], resumes=False)),
        ((DEAD,), Session(IDS[1], resumes=False)),
        (('{"type":"queue-op',), Session(IDS[1], resumes=False)),
        (("[1]\n",), Session(IDS[1], resumes=False)),
        (("[" * 100_000,), Session(IDS[1], resumes=False)),
        ((DEAD, DEAD), Session(IDS[2], resumes=False)),
        ((DEAD, ALIVE), Session(IDS[1], resumes=True)),
        ((DEAD, ALIVE, DEAD), Session(IDS[1], resumes=True)),
        ((DEAD, ALIVE, DEAD, ALIVE), Session(IDS[3], resumes=True)),
        (("\n" * LOOK,), Session(IDS[1], resumes=False)),
        (("[" * 200 + "\n") * 5_000, Session(IDS[1], resumes=False)),
        ((DEAD,) * len(IDS), Session(IDS[-1], resumes=False)),
    ],
)
def test_the_newest_usable_one(tmp_path: Path, contents: tuple[str, ...] | str, chosen: Session) -> None:
    transcripts(tmp_path, *([contents] if isinstance(contents, str) else contents))
    before = tree(tmp_path)
    assert choose(tmp_path, FIRST) == chosen
    assert tree(tmp_path) == before


def folder(path: Path) -> None:
    path.mkdir()
    (path / "x").touch()


def link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_text(ALIVE)
    path.symlink_to(elsewhere)


def loop(path: Path) -> None:
    path.symlink_to(path)


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 10 * 1024**4)


def closed(path: Path) -> None:
    path.touch(0)


@pytest.mark.parametrize("plant", [folder, link, loop, huge, closed, os.mkfifo])
def test_what_is_no_transcript_is_passed_over(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    transcripts(tmp_path)
    plant(tmp_path / "projects" / "-workspace" / f"{FIRST}.jsonl")
    begun = time.monotonic()
    assert choose(tmp_path, FIRST) == Session(IDS[1], resumes=False)
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("part", ["", "projects", "projects/-workspace"])
@pytest.mark.parametrize("kind", ["link", "file", "fifo"])
def test_folders_that_are_none(tmp_path: Path, part: str, kind: str) -> None:
    other, home = tmp_path / "other", tmp_path / "home"
    transcripts(other, ALIVE)
    place = home / part
    place.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "link":
            place.symlink_to(other / part)
        case "file":
            place.touch()
        case _:
            os.mkfifo(place)
    assert choose(home, FIRST) == Session(FIRST, resumes=False)


def test_no_file_stays_open(tmp_path: Path) -> None:
    transcripts(tmp_path, DEAD, ALIVE)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        choose(tmp_path, FIRST)
        choose(tmp_path / "absent", FIRST)
        choose(tmp_path / "projects", FIRST)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("session_id", ["s", "../x", "x\0y"])
def test_an_id_that_is_none(tmp_path: Path, session_id: str) -> None:
    transcripts(tmp_path)
    assert choose(tmp_path, session_id) == Session(session_id, resumes=False)

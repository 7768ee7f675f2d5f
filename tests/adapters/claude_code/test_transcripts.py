"""Transcripts taken, put back and looked at, in a home that an enemy may have prepared."""

import json
import os
import stat
import time
import uuid
from pathlib import Path

import pytest

from airut.adapters.claude_code.session import Session, choose
from airut.adapters.claude_code.transcripts import MOST, ClaudeSessions, whole_lines
from airut.models.credentials.redaction import Redactor

FIRST = "7f1d3c52-0a5e-4b6e-9f63-2d0c5a1b7e11"
AGAIN = str(uuid.uuid5(uuid.UUID(FIRST), "again-1"))
SESSIONS = ClaudeSessions()


def line(number: int, **more: object) -> bytes:
    """A message whose parent is the one with the number before it."""
    parent = str(number - 1) if number else None
    entry = {"type": "user" if number % 2 == 0 else "assistant", "uuid": str(number), "parentUuid": parent, **more}
    return json.dumps(entry).encode() + b"\n"


WHOLE = b'{"type":"queue-operation"}\n' + b"".join(map(line, range(4))) + b'{"type":"cost-state"}\n'


def folder(home: Path) -> Path:
    path = home / "projects" / "-workspace"
    path.mkdir(parents=True, exist_ok=True)
    return path


def names(home: Path) -> list[str]:
    return sorted(path.name for path in folder(home).iterdir())


@pytest.mark.parametrize(
    ("written", "saved"),
    [
        (WHOLE, WHOLE),
        (WHOLE[:-1], WHOLE),
        (WHOLE + b'{"type":"assist', WHOLE),
        (WHOLE + b"\0" * 4096, WHOLE),
        (b'{"type":"queue-operation"}\n', None),
        (b"", None),
    ],
)
def test_whole_lines_are_saved(tmp_path: Path, written: bytes, saved: bytes | None) -> None:
    (folder(tmp_path) / f"{FIRST}.jsonl").write_bytes(written)
    assert SESSIONS.save(tmp_path, FIRST) == saved


def test_a_secret_in_a_transcript_is_not_kept(tmp_path: Path) -> None:
    (folder(tmp_path) / f"{FIRST}.jsonl").write_bytes(line(0, text='say "s3cret" value') + line(1))
    kept = ClaudeSessions(Redactor({'"s3cret" value': "***"})).save(tmp_path, FIRST)
    assert kept == line(0, text="say ***") + line(1)


def test_the_transcript_that_would_be_resumed_is_saved(tmp_path: Path) -> None:
    (folder(tmp_path) / f"{FIRST}.jsonl").write_bytes(line(0, old=True))
    (folder(tmp_path) / f"{AGAIN}.jsonl").write_bytes(WHOLE)
    assert SESSIONS.save(tmp_path, FIRST) == WHOLE


def test_what_is_too_big_is_not_saved_and_costs_no_time(tmp_path: Path) -> None:
    path = folder(tmp_path) / f"{FIRST}.jsonl"
    path.write_bytes(WHOLE)
    os.truncate(path, 10 * 1024**4)
    begun = time.monotonic()
    assert SESSIONS.save(tmp_path, FIRST) is None
    assert time.monotonic() - begun < 60
    os.truncate(path, MOST)
    assert SESSIONS.save(tmp_path, FIRST) == WHOLE


def test_any_cut_is_saved_whole_and_can_be_resumed(tmp_path: Path) -> None:
    """Killed at any byte of the last two records."""
    path = folder(tmp_path) / f"{FIRST}.jsonl"
    begin = WHOLE.index(line(2))
    for size in range(begin, len(WHOLE) + 1):
        path.write_bytes(WHOLE[:size])
        assert choose(tmp_path, FIRST) == Session(FIRST, resumes=True)
        assert SESSIONS.is_intact(tmp_path, FIRST)
        saved = SESSIONS.save(tmp_path, FIRST)
        assert saved is not None
        assert [json.loads(entry) for entry in saved.splitlines()] == [
            json.loads(entry) for entry in WHOLE.splitlines()[: saved.count(b"\n")]
        ]
        assert len(saved) >= WHOLE[:size].rfind(b"\n") + 1


@pytest.mark.parametrize(
    ("written", "intact"),
    [
        (WHOLE, True),
        (WHOLE + b'{"type":"assist', True),
        (line(0) + b'{"torn\n' + line(1), True),
        (line(0) + b"\0" * 100 + b"\n" + line(1), True),
        (line(0) + line(2), False),
        (line(0) + b'{"torn' + line(1) + line(2), False),
        (line(0) + line(1) + line(7, parentUuid=None, type="system") + line(8), True),
        (line(0) + line(1) + line(9, isSidechain=True), True),
        (line(0, parentUuid="1") + line(1), False),
        (line(0, uuid=[1]), False),
        (line(0, parentUuid=[1]), False),
        (b'{"type":"queue-operation"}\n', False),
        (b"[" * 100_000 + b"\n", False),
        (b"", False),
    ],
    ids=[
        "whole", "torn at the end", "torn in the middle", "zeros in the middle", "one is missing", "a torn one is needed",
        "compacted", "a sub-agent's", "a circle", "odd ids", "odd parents", "a dead end", "nonsense", "empty",
    ],
)  # fmt: skip
def test_whether_a_message_is_missing(tmp_path: Path, written: bytes, intact: bool) -> None:
    (folder(tmp_path) / f"{FIRST}.jsonl").write_bytes(written)
    assert SESSIONS.is_intact(tmp_path, FIRST) is intact


@pytest.mark.parametrize(
    ("entry", "held"), [("3", True), ("0", True), ("4", False), ("", False), ("user", False), ("9" * 10_000, False)]
)
def test_whether_an_entry_is_there(tmp_path: Path, entry: str, held: bool) -> None:
    (folder(tmp_path) / f"{FIRST}.jsonl").write_bytes(WHOLE + line(4)[:-3])
    assert SESSIONS.holds(tmp_path, FIRST, entry) is held


def test_a_session_that_never_was_is_not_intact(tmp_path: Path) -> None:
    assert not SESSIONS.is_intact(tmp_path, FIRST)
    assert not SESSIONS.is_intact(tmp_path / "absent", FIRST)
    assert not SESSIONS.holds(tmp_path, FIRST, "0")


def test_restored_into_an_empty_home(tmp_path: Path) -> None:
    SESSIONS.restore(tmp_path, FIRST, WHOLE)
    assert names(tmp_path) == [f"{FIRST}.jsonl"]
    assert SESSIONS.save(tmp_path, FIRST) == WHOLE
    assert stat.S_IMODE((folder(tmp_path) / f"{FIRST}.jsonl").stat().st_mode) == 0o600


def test_what_was_there_is_kept_and_the_restored_one_is_resumed(tmp_path: Path) -> None:
    (folder(tmp_path) / f"{FIRST}.jsonl").write_bytes(b"broken")
    (folder(tmp_path) / f"{AGAIN}.jsonl").write_bytes(line(0))
    (folder(tmp_path) / "other.jsonl").write_bytes(b"x")
    SESSIONS.restore(tmp_path, FIRST, WHOLE)
    assert choose(tmp_path, FIRST) == Session(FIRST, resumes=True)
    SESSIONS.restore(tmp_path, FIRST, WHOLE + line(4))
    assert names(tmp_path) == sorted(
        [f"{FIRST}.jsonl", f"{FIRST}.jsonl.kept-1", f"{FIRST}.jsonl.kept-2", f"{AGAIN}.jsonl.kept-1", "other.jsonl"]
    )
    assert (folder(tmp_path) / f"{FIRST}.jsonl.kept-1").read_bytes() == b"broken"
    assert (folder(tmp_path) / f"{FIRST}.jsonl.kept-2").read_bytes() == WHOLE
    assert SESSIONS.save(tmp_path, FIRST) == WHOLE + line(4)


def test_a_restore_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    (folder(tmp_path) / f".{FIRST}.restoring").write_bytes(b"half")
    SESSIONS.restore(tmp_path, FIRST, WHOLE)
    assert SESSIONS.save(tmp_path, FIRST) == WHOLE


@pytest.mark.parametrize("part", ["projects", "projects/-workspace", f"projects/-workspace/{FIRST}.jsonl"])
@pytest.mark.parametrize("kind", ["link", "dangling", "file", "fifo", "folder"])
def test_nothing_is_read_or_written_through_what_was_planted(tmp_path: Path, part: str, kind: str) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    (folder(other) / f"{FIRST}.jsonl").write_bytes(line(0, secret=True))
    place = home / part
    place.parent.mkdir(parents=True)
    match kind:
        case "link":
            place.symlink_to(other / part)
        case "dangling":
            place.symlink_to(tmp_path / "nowhere")
        case "file":
            place.touch()
        case "fifo":
            os.mkfifo(place)
        case _:
            place.mkdir()
    assert SESSIONS.save(home, FIRST) is None
    assert not SESSIONS.is_intact(home, FIRST)
    SESSIONS.restore(home, FIRST, WHOLE)
    assert SESSIONS.save(home, FIRST) == WHOLE
    assert (folder(other) / f"{FIRST}.jsonl").read_bytes() == line(0, secret=True)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("session_id", ["../x", "", "x\0"])
def test_an_id_that_is_none_is_not_restored(tmp_path: Path, session_id: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        SESSIONS.restore(tmp_path, session_id, WHOLE)


def test_no_file_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        SESSIONS.restore(tmp_path, FIRST, WHOLE)
        SESSIONS.save(tmp_path, FIRST)
        SESSIONS.is_intact(tmp_path, FIRST)
    assert len(os.listdir("/proc/self/fd")) == before


def test_whole_lines_of_nothing() -> None:
    assert (whole_lines(b""), whole_lines(b"{"), whole_lines(b"{}"), whole_lines(b'{"a":1}')) == (
        b"",
        b"",
        b"",
        b'{"a":1}\n',
    )

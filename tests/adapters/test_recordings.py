"""A task's output by byte offset, from its folders or from a text: both keep the port's promise."""

from pathlib import Path

import pytest

from airut.adapters.recordings import BytesRecording, FolderRecording
from airut.errors import AirutError
from airut.ports.recordings import Line, Recording

THREAD = "web/mail/abcdefgh23456789"
TEXT = b'{"a":1}\n\n{"b":22}\n{"torn'
A, B, TORN = Line(0, b'{"a":1}'), Line(9, b'{"b":22}'), Line(18, b'{"torn')


def folder(state: Path, sandbox: int = 1) -> Path:
    made = state / "threads" / THREAD / "tasks" / "3" / str(sandbox)
    (made / "out").mkdir(parents=True, exist_ok=True)
    (made / "log").mkdir(exist_ok=True)
    return made


@pytest.fixture(params=["folder", "bytes"])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Recording:
    if request.param == "bytes":
        return BytesRecording(TEXT)
    (folder(tmp_path) / "out" / "events.jsonl").write_bytes(TEXT)
    (folder(tmp_path) / "out" / "exit.json").write_text("{}")
    return FolderRecording(tmp_path, THREAD, 3)


@pytest.mark.parametrize(
    ("start", "end", "lines"),
    [
        (0, 100, (A, B, TORN)),
        (0, 9, (A,)),
        (0, 10, (A, B)),
        (1, 100, (B, TORN)),
        (8, 100, (B, TORN)),
        (9, 100, (B, TORN)),
        (10, 100, (TORN,)),
        (18, 19, (TORN,)),
        (19, 100, ()),
        (24, 100, ()),
        (0, 0, ()),
    ],
)
def test_lines(recording: Recording, start: int, end: int, lines: tuple[Line, ...]) -> None:
    assert recording.lines(1, start, end) == lines


def test_what_there_is(recording: Recording) -> None:
    assert (recording.sandboxes, recording.size(1), recording.size(2)) == ((1,), len(TEXT), 0)
    assert recording.lines(2, 0, 100) == ()


def test_of_a_running_agent_the_line_in_hand_is_left_for_later(tmp_path: Path) -> None:
    events = folder(tmp_path) / "out" / "events.jsonl"
    events.write_bytes(TEXT)
    recording = FolderRecording(tmp_path, THREAD, 3)
    assert recording.lines(1, 0, 100) == (A, B)
    with events.open("ab") as file:
        file.write(b'"}\n')
    assert recording.lines(1, 18, 100) == (Line(18, b'{"torn"}'),)


def test_sandboxes_come_in_order_and_their_access_logs_in_one(tmp_path: Path) -> None:
    for sandbox in (10, 9):
        log = folder(tmp_path, sandbox) / "log"
        (log / "network.jsonl.1").write_bytes(b"old %d\n" % sandbox)
        (log / "network.jsonl").write_bytes(b"new %d\n" % sandbox)
    (folder(tmp_path).parent / "odd").mkdir()
    recording = FolderRecording(tmp_path, THREAD, 3)
    assert recording.sandboxes == (1, 9, 10)
    assert recording.access_log == b"old 9\nnew 9\nold 10\nnew 10\n"


def test_nothing_is_here(tmp_path: Path) -> None:
    recording = FolderRecording(tmp_path, THREAD, 3)
    assert (recording.sandboxes, recording.size(1), recording.lines(1, 0, 9), recording.access_log) == ((), 0, (), b"")
    assert BytesRecording(b"").sandboxes == ()
    with pytest.raises(ValueError, match="not a thread id"):
        FolderRecording(tmp_path, "web/mail/..", 3)


def test_what_an_agent_has_replaced_is_not_read(tmp_path: Path) -> None:
    out = folder(tmp_path) / "out"
    (out / "events.jsonl").symlink_to("/etc/hostname")
    with pytest.raises(AirutError, match="was changed afterwards"):
        FolderRecording(tmp_path, THREAD, 3).lines(1, 0, 100)

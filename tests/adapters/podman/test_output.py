"""Reading what a container wrote: whole lines, by offset, and nothing that is not what it was."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from airut.adapters.podman.output import CHUNK, OutputReader, Tampered, read_tail
from airut.models.sandbox import ExitStatus


def append(out: Path, data: bytes) -> None:
    with (out / "events.jsonl").open("ab") as file:
        file.write(data)


def test_whole_lines_as_they_come(tmp_path: Path) -> None:
    with OutputReader(tmp_path, 0) as reader:
        assert reader.read(final=False) == b""
        append(tmp_path, b"one\ntw")
        assert reader.read(final=False) == b"one\n"
        assert reader.read(final=False) == b""
        append(tmp_path, b"o\nthree")
        assert reader.read(final=False) == b"two\n"
        assert reader.read(final=True) == b"three"
        assert reader.read(final=True) == b""
        assert reader.offset == 13


@pytest.mark.parametrize("line", [b"x" * (10 * CHUNK) + b"\n", b"\0\xff\n", b"\n"])
def test_lines_of_any_length_and_kind(tmp_path: Path, line: bytes) -> None:
    append(tmp_path, b"first\n" + line)
    with OutputReader(tmp_path, 6) as reader:
        assert reader.read(final=False) == line


def test_much_is_read_in_pieces(tmp_path: Path) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(100_000))
    append(tmp_path, lines)
    pieces = []
    with OutputReader(tmp_path, 0) as reader:
        while piece := reader.read(final=False):
            pieces.append(piece)
    assert b"".join(pieces) == lines
    assert max(map(len, pieces)) < 2 * CHUNK


def cut(out: Path) -> None:
    os.truncate(out / "events.jsonl", 1)


def replace(out: Path) -> None:
    (out / "events.jsonl").rename(out / "old")
    append(out, b"one\ntwo\n")


def remove(out: Path) -> None:
    (out / "events.jsonl").unlink()


@pytest.mark.parametrize("tamper", [cut, replace, remove])
def test_a_file_that_changes_under_us(tmp_path: Path, tamper: Callable[[Path], None]) -> None:
    append(tmp_path, b"one\n")
    with OutputReader(tmp_path, 0) as reader:
        assert reader.read(final=False) == b"one\n"
        reader.check()
        tamper(tmp_path)
        with pytest.raises(Tampered):
            reader.check()
            reader.read(final=False)


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def hard_link(path: Path) -> None:
    other = path.with_suffix(".other")
    other.write_bytes(b"{}")
    os.link(other, path)


def fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [link, hard_link, fifo, Path.mkdir])
def test_only_plain_files_are_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    for name in ("events.jsonl", "exit.json"):
        make(tmp_path / name)
    with OutputReader(tmp_path, 0) as reader:
        with pytest.raises(Tampered):
            reader.read(final=False)
        assert reader.exit_status() is None
    assert read_tail(tmp_path, "events.jsonl", 10) == b""


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"code": 3, "duration_s": 1.5}', ExitStatus(code=3, duration_s=1.5)),
        ('{"code": "x"}', None),
        ('{"code": 3, "more": 1}', None),
        ("", None),
        ("[" * 100_000, None),
    ],
)
def test_the_exit_file(tmp_path: Path, text: str, status: ExitStatus | None) -> None:
    (tmp_path / "exit.json").write_text(text)
    with OutputReader(tmp_path, 0) as reader:
        assert reader.exit_written()
        assert reader.exit_status() == status


def test_an_offset_behind_a_file_that_is_not_there(tmp_path: Path) -> None:
    with OutputReader(tmp_path, 7) as reader, pytest.raises(Tampered):
        reader.read(final=False)


def test_the_end_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "stderr").write_bytes(b"0123456789")
    assert read_tail(tmp_path, "stderr", 4) == b"6789"
    assert read_tail(tmp_path, "stderr", 40) == b"0123456789"
    assert read_tail(tmp_path, "absent", 4) == b""
    assert read_tail(tmp_path / "absent", "stderr", 4) == b""

"""Reading what a container wrote: whole lines, by offset, and nothing that is not what it was."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from airut.adapters.podman.output import CHUNK, LINE_MOST, OutputReader, Tampered
from airut.models.hosts.sandbox import ExitStatus


def append(out: Path, data: bytes) -> None:
    with (out / "events.jsonl").open("ab") as file:
        file.write(data)


def pieces(reader: OutputReader, *, final: bool = False) -> list[tuple[int, bytes]]:
    """All that is there by now, with the place of each piece."""
    found: list[tuple[int, bytes]] = []
    while (data := reader.read(final=final)) is not None:
        found.append((reader.offset - len(data), data))
    return found


def everything(reader: OutputReader, *, final: bool = False) -> bytes:
    return b"".join(data for _, data in pieces(reader, final=final))


def test_whole_lines_as_they_come(tmp_path: Path) -> None:
    with OutputReader(tmp_path, 0) as reader:
        assert reader.read(final=False) is None
        append(tmp_path, b"one\ntw")
        assert reader.read(final=False) == b"one\n"
        assert reader.read(final=False) is None
        append(tmp_path, b"o\nthree")
        assert reader.read(final=False) == b"two\n"
        assert reader.read(final=True) == b"three"
        assert reader.read(final=True) is None
        assert reader.offset == 13


@pytest.mark.parametrize("line", [b"x" * (10 * CHUNK) + b"\n", b"\0\xff\n", b"\n"])
def test_lines_of_any_length_and_kind(tmp_path: Path, line: bytes) -> None:
    append(tmp_path, b"first\n" + line)
    with OutputReader(tmp_path, 6) as reader:
        assert everything(reader) == line


def test_much_is_read_in_pieces(tmp_path: Path) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(100_000))
    append(tmp_path, lines)
    with OutputReader(tmp_path, 0) as reader:
        found = [data for _, data in pieces(reader)]
    assert b"".join(found) == lines
    assert max(map(len, found)) < 2 * CHUNK


@pytest.mark.parametrize("more", range(-2, 3))
@pytest.mark.parametrize("before", [0, 1, CHUNK - 1])
def test_a_line_at_the_limit(tmp_path: Path, before: int, more: int) -> None:
    first, line = b"a" * before + b"\n", b"b" * (LINE_MOST - 1 + more) + b"c"
    append(tmp_path, first + line + b"\nlast\n")
    with OutputReader(tmp_path, 0) as reader:
        found = everything(reader)
        assert reader.offset == len(first + line) + 6
    assert found == first + (line if more <= 0 else b"c") + b"\nlast\n"


@pytest.mark.parametrize("length", [LINE_MOST + CHUNK, LINE_MOST + CHUNK + 1, 3 * LINE_MOST])
@pytest.mark.parametrize("end", [b"\n", b"\nlast", b""])
def test_of_a_line_without_end_nothing_is_kept(tmp_path: Path, length: int, end: bytes) -> None:
    append(tmp_path, b"first\n" + b"x" * length + end)
    with OutputReader(tmp_path, 0) as reader:
        found = pieces(reader, final=True)
        assert reader.offset == 6 + length + len(end)
    (_, first), *rest = [(at, data) for at, data in found if data]
    assert (first, b"".join(data for _, data in rest)) == (b"first\n", b"x" + end)
    assert rest[0][0] == 6 + length - 1


def test_a_long_line_is_read_in_pieces_and_searched_once(tmp_path: Path) -> None:
    with (tmp_path / "events.jsonl").open("wb") as file:
        file.truncate(512 * 1024**2)
    times: list[float] = []
    with OutputReader(tmp_path, 0) as reader:
        done: bytes | None = b""
        while done is not None:
            begun = time.thread_time()
            done = reader.read(final=False)
            times.append(time.thread_time() - begun)
    assert len(times) == 512 * 1024**2 // CHUNK + 1
    assert sum(times) < 5
    assert sorted(times)[-20] < 0.05


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

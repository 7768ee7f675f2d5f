"""An enemy's outbox."""

import os
from pathlib import Path

import pytest

from activities import outbox
from activities.outbox import empty, read_outbox, read_regular


def test_regular_files_are_taken_and_all_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("two")
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "hard").hardlink_to(tmp_path / "b.txt")
    (tmp_path / "new\nline").write_text("x")
    found = read_outbox(tmp_path)
    assert [(file.name, file.media_type, file.content) for file in found.files] == [
        ("a.png", "image/png", b"\x89PNG"),
        ("new_line", "application/octet-stream", b"x"),
    ]
    assert [note.split(" was")[0] for note in found.notes] == ["'b.txt'", "'folder'", "'hard'", "'link'", "'pipe'"]


def test_the_fifty_first_file_is_not_taken(tmp_path: Path) -> None:
    for number in range(outbox.FILES_MOST + 1):
        (tmp_path / f"{number:02}").touch()
    found = read_outbox(tmp_path)
    assert len(found.files) == outbox.FILES_MOST
    assert found.notes == ("More than 50 files in the outbox: the rest was not sent.",)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 11)
    with pytest.raises(OSError, match="larger than"):
        read_regular(tmp_path / "big", most=10)


def test_an_outbox_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outbox").symlink_to("/etc")
    with pytest.raises(OSError, match="Not a directory"):
        read_outbox(tmp_path / "outbox")


def test_emptying_leaves_folders_and_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("stays")
    box = tmp_path / "box"
    (box / "folder").mkdir(parents=True)
    (box / "file").touch()
    (box / "link").symlink_to(outside)
    empty(box)
    assert [entry.name for entry in box.iterdir()] == ["folder"]
    assert outside.read_text() == "stays"


@pytest.mark.parametrize("mode", [0o500, 0o300, 0o000])
def test_an_agent_that_locks_its_outbox_keeps_nobody_out(tmp_path: Path, mode: int) -> None:
    box = tmp_path / "box"
    box.mkdir()
    (box / "a.txt").write_text("x")
    box.chmod(mode)
    assert [file.name for file in read_outbox(box).files] == ["a.txt"]
    box.chmod(mode)
    empty(box)
    assert list(box.iterdir()) == []

"""A storage folder that an enemy filled: what is taken, what is left out, what comes back."""

import io
import os
import stat
import tarfile
from pathlib import Path

import pytest

from activities.packing import DEPTH_MOST, ENTRIES_MOST, Packed, pack, unpack


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every name below: a file's content, None for a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_round_trip(tmp_path: Path) -> None:
    storage, again = tmp_path / "storage", tmp_path / "again"
    again.mkdir()
    (storage / "a" / "empty").mkdir(parents=True)
    (storage / "a" / "notes.md").write_text("remember")
    (storage / "run.sh").write_text("#!/bin/sh\n")
    (storage / "run.sh").chmod(0o755)
    (storage / "schön\nsehr").write_text("odd")
    os.close(os.open(os.fsencode(storage) + b"/\xff\xfe", os.O_CREAT | os.O_WRONLY, 0o644))
    packed = pack(storage)
    assert packed.losses == ()
    assert packed.content is not None
    unpack(packed.content, again)
    assert tree(again) == tree(storage)
    assert os.access(again / "run.sh", os.X_OK)
    assert pack(again) == packed


def test_nothing_is_nothing(tmp_path: Path) -> None:
    assert pack(tmp_path / "absent") == Packed()
    assert pack(tmp_path) == Packed()


def test_what_is_no_file_is_left_out_and_named(tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    storage.mkdir()
    (tmp_path / "secret").write_text("host's")
    (storage / "link").symlink_to(tmp_path / "secret")
    (storage / "up").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(storage / "pipe")
    (storage / "good").write_text("good")
    packed = pack(storage)
    assert packed.losses == (
        "/storage/link: not a regular file",
        "/storage/pipe: not a regular file",
        "/storage/up: not a regular file",
    )
    assert packed.content is not None
    assert b"host's" not in packed.content
    with tarfile.open(fileobj=io.BytesIO(packed.content)) as archive:
        assert archive.getnames() == ["good"]


def test_the_storage_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_text("host's")
    (tmp_path / "storage").symlink_to(tmp_path / "elsewhere")
    packed = pack(tmp_path / "storage")
    assert packed.content is None
    assert len(packed.losses) == 1


def test_many_odd_things_are_counted(tmp_path: Path) -> None:
    for number in range(25):
        os.mkfifo(tmp_path / f"pipe{number:02}")
    losses = pack(tmp_path).losses
    assert (len(losses), losses[-1]) == (21, "/storage: 5 more things that are not files")


@pytest.mark.parametrize("sparse", [True, False])
def test_too_much_is_none(tmp_path: Path, sparse: bool) -> None:
    (tmp_path / "a").write_text("small")
    with (tmp_path / "b").open("wb") as file:
        if sparse:
            file.truncate(1 << 40)
        else:
            file.write(b"x" * (2 * 1024**2))
    assert pack(tmp_path, 1024**2) == Packed(losses=("/storage holds more than 1 MiB: none of it was kept",))


def test_too_many_is_none(tmp_path: Path) -> None:
    for number in range(ENTRIES_MOST + 1):
        (tmp_path / str(number)).touch()
    assert pack(tmp_path) == Packed(losses=(f"/storage holds more than {ENTRIES_MOST} files: none of it was kept",))


def test_a_deep_tree_is_cut(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    packed = pack(tmp_path)
    assert packed.content is not None
    assert packed.losses == ("/storage/" + "d/" * DEPTH_MOST + f"d: more than {DEPTH_MOST} folders deep",)
    os.system(f"rm -rf {tmp_path}/d")  # deeper than what Python removes


def test_what_was_closed_to_us_is_opened(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "file").write_text("content")
    (tmp_path / "closed" / "file").chmod(0)
    (tmp_path / "closed").chmod(0)
    packed = pack(tmp_path)
    assert packed.losses == ()
    (tmp_path / "closed").chmod(0o700)
    assert packed.content is not None
    assert b"content" in packed.content


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out"])
def test_nothing_is_unpacked_outside(tmp_path: Path, name: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        described = tarfile.TarInfo(name)
        described.size = 3
        archive.addfile(described, io.BytesIO(b"bad"))
    inside = tmp_path / "in"
    inside.mkdir()
    try:
        unpack(stream.getvalue(), inside)
    except tarfile.TarError:
        assert list(inside.iterdir()) == []
    assert not (tmp_path / "out").exists()
    assert not Path("/etc/out").exists()


def test_links_and_devices_in_a_tar_are_not_made(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE)):
            described = tarfile.TarInfo(name)
            described.type, described.linkname = kind, "/etc/passwd"
            archive.addfile(described)
    unpack(stream.getvalue(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_set_user_id_does_not_come_back(tmp_path: Path) -> None:
    storage, again = tmp_path / "storage", tmp_path / "again"
    storage.mkdir()
    again.mkdir()
    (storage / "tool").write_text("x")
    (storage / "tool").chmod(0o6755)
    content = pack(storage).content
    assert content is not None
    unpack(content, again)
    assert not stat.S_IMODE((again / "tool").stat().st_mode) & 0o6000

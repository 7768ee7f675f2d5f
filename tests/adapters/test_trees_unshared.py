"""Folders of an enemy, measured and removed with the real commands."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from airut.adapters.trees_unshared import UnsharedTrees
from airut.errors import TreeNotRemoved, TreeTooLarge, TreeUnreadable

MIB = 1024**2
TREES = UnsharedTrees(enter=() if os.geteuid() == 0 else ("unshare", "--map-root-user"))
"""Without Podman: root of a namespace of its own is as good here, where all files are this user's."""


async def test_bytes_on_the_disk_each_file_once(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    (one / "file").write_bytes(b"x" * 4 * MIB)
    os.link(one / "file", two / "again")
    (one / "up").symlink_to("/usr")
    with (two / "sparse").open("wb") as file:
        file.truncate(100 * 1024**3)
    assert 4 * MIB <= await TREES.used((one, two, tmp_path / "absent")) < 5 * MIB
    assert await TREES.used((tmp_path / "absent",)) == 0


async def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "workspace").symlink_to("/usr")
    assert await TREES.used((tmp_path / "workspace",)) < MIB
    await TREES.remove(tmp_path / "workspace")
    assert not (tmp_path / "workspace").is_symlink()


async def test_the_largest_folders_by_name(tmp_path: Path) -> None:
    for name, size in (("a", 1), ("b\n1\tx", 3), ("-rf", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x" * size * MIB)
    found = await TREES.largest(tmp_path, 2)
    assert [name for name, _ in found] == ["b\n1\tx", "-rf"]
    assert found[0][1] >= 3 * MIB
    with pytest.raises(TreeUnreadable):
        await TREES.largest(tmp_path / "absent", 2)


def deep(folder: Path, levels: int) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


async def test_whatever_lies_there_is_removed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("host's")
    root = tmp_path / "root"
    (root / "closed" / "inner").mkdir(parents=True)
    (root / "closed").chmod(0o500)
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    os.close(os.open(os.fsencode(root) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    deep(root, 3000)
    assert await TREES.used((root,)) > 0
    await TREES.remove(root)
    await TREES.remove(root)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
    assert (tmp_path / "secret").read_text() == "host's"


async def test_what_stays_is_said_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    stuck = UnsharedTrees(enter=("sh", "-c", "echo rm: it is busy >&2; exit 1", "--"))
    with pytest.raises(TreeNotRemoved, match=r"root could not be removed: rm: it is busy"):
        await stuck.remove(tmp_path / "root")


async def test_one_failure_does_not_stop_the_rest(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a file that even its owner cannot remove")
    root = tmp_path / "root"
    root.mkdir()
    for name in ("a", "stuck", "z"):
        (root / name).write_text("x")
    if subprocess.run(["chattr", "+i", root / "stuck"], capture_output=True, check=False).returncode:
        pytest.skip("this file system has no immutable files")
    with pytest.raises(TreeNotRemoved):
        await TREES.remove(root)
    assert [path.name for path in root.iterdir()] == ["stuck"]
    subprocess.run(["chattr", "-i", root / "stuck"], check=True)
    await TREES.remove(root)


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airut.adapters.trees_unshared.MEASURE", 0.2)
    slow = UnsharedTrees(enter=("sh", "-c", "sleep 60"))
    begun = time.monotonic()
    with pytest.raises(TreeTooLarge, match="du took more than 0 s"):
        await slow.used((tmp_path,))
    assert time.monotonic() - begun < 30


async def test_without_podman_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(TreeUnreadable, match="no-such-podman cannot be run: it is not installed"):
        await UnsharedTrees(enter=("no-such-podman",)).used((tmp_path,))

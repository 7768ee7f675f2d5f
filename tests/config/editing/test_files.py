"""A file is replaced as a whole, or not at all."""

import os
import stat
from pathlib import Path

import pytest

from airut.config.editing import files
from airut.errors import ConfigError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_private_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "below" / "airut.yaml"
    files.replace(path, "a: ü\r\n")
    assert (files.read(path), mode(path), mode(path.parent)) == ("a: ü\r\n", 0o600, 0o700)
    path.chmod(0o640)
    files.replace(path, "a: 2\n")
    assert (files.read(path), mode(path)) == ("a: 2\n", 0o640)
    files.replace(path, "a: 3\n", files.PRIVATE)
    assert (files.read(path), mode(path)) == ("a: 3\n", 0o600)
    assert os.listdir(path.parent) == ["airut.yaml"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x.yaml").write_text("a: 1\n")
    (tmp_path / "airut.yaml").symlink_to("real/x.yaml")
    files.replace(tmp_path / "airut.yaml", "a: 2\n")
    assert (tmp_path / "airut.yaml").is_symlink()
    assert (tmp_path / "real" / "x.yaml").read_text() == "a: 2\n"


def test_what_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    assert files.read(tmp_path / "nothing") is None
    (tmp_path / "bytes").write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match=r"bytes: is not UTF-8 \(byte 3\)"):
        files.read(tmp_path / "bytes")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="folder: Is a directory"):
        files.read(tmp_path / "folder")
    with pytest.raises(ConfigError, match="folder: cannot be written: Is a directory"):
        files.replace(tmp_path / "folder", "a")
    assert sorted(os.listdir(tmp_path)) == ["bytes", "folder"]

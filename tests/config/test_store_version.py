"""A state folder has a version, and is not touched by an Airut that is older."""

from pathlib import Path

import pytest

from airut.config.store_version import ensure
from airut.errors import ConfigError


def test_a_new_folder_gets_the_present_version(tmp_path: Path) -> None:
    for _ in range(2):
        ensure(tmp_path / "state")
        assert (tmp_path / "state" / "version").read_text() == "1\n"
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_an_older_folder_is_brought_forward_step_by_step_and_goes_on_after_a_failure(tmp_path: Path) -> None:
    done: list[str] = []
    ensure(tmp_path)

    def fails(state: Path) -> None:
        done.append("second")
        if done.count("second") == 1:
            raise OSError("no space")

    steps = (lambda state: done.append("first"), fails, lambda state: done.append("third"))
    with pytest.raises(OSError, match="no space"):
        ensure(tmp_path, steps)
    assert (tmp_path / "version").read_text() == "2\n"
    ensure(tmp_path, steps)
    ensure(tmp_path, steps)
    assert done == ["first", "second", "second", "third"]
    assert (tmp_path / "version").read_text() == "4\n"


def test_a_newer_folder_and_one_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("2\n")
    with pytest.raises(
        ConfigError, match=r"written by a newer Airut \(its version is 2, this one knows 1\); update Airut"
    ):
        ensure(tmp_path)
    (tmp_path / "version").write_text("x\n")
    with pytest.raises(ConfigError, match="holds no version"):
        ensure(tmp_path)

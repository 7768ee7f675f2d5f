"""Names of images that follow from their sources alone."""

from pathlib import Path

import pytest

from airut.ci.image_keys import image_keys
from airut.errors import ImageBuildFailed


def folder(path: Path, dockerfile: str = "FROM airut/base\n", mode: int = 0o644) -> Path:
    path.mkdir()
    (path / "Dockerfile").write_text(dockerfile)
    (path / "tool").write_text("#!/bin/sh\n")
    (path / "tool").chmod(mode)
    return path


def test_the_same_sources_have_the_same_name_wherever_they_lie(tmp_path: Path) -> None:
    one, other = image_keys(folder(tmp_path / "one")), image_keys(folder(tmp_path / "other"))
    assert one == other
    assert one.lines() == f"repository={one.repository}\nproxy={one.proxy}\n"
    assert [len(each) for each in (one.repository, one.proxy)] == [16, 16]


def test_what_makes_another_image_makes_another_name(tmp_path: Path) -> None:
    plain = folder(tmp_path / "plain")
    found = [
        image_keys(None),
        image_keys(plain),
        image_keys(plain, opened=True),
        image_keys(folder(tmp_path / "text", "FROM airut/base\nRUN true\n")),
        image_keys(folder(tmp_path / "mode", mode=0o755)),
    ]
    assert len({keys.repository for keys in found}) == len(found)
    assert len({keys.proxy for keys in found}) == 1  # it is ours from end to end


def test_a_folder_that_cannot_be_built(tmp_path: Path) -> None:
    (tmp_path / "container").mkdir()
    with pytest.raises(ImageBuildFailed, match="container holds neither a Dockerfile nor a Containerfile"):
        image_keys(tmp_path / "container")

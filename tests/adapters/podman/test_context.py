"""Build contexts: what is in them, and what names them."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from airut.adapters.podman import context
from airut.adapters.podman.context import ContextFile, content_hash, dockerfile, read_folder, tar
from airut.errors import ImageBuildFailed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "container"
    (folder / "bin").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM airut/base\n")
    (folder / "bin" / "tool").write_text("#!/bin/sh\n")
    (folder / "bin" / "tool").chmod(0o755)
    (folder / "link").symlink_to("bin/tool")
    return folder


def test_files_modes_and_links(folder: Path) -> None:
    assert read_folder(folder) == (
        ContextFile("Dockerfile", 0o644, b"FROM airut/base\n"),
        ContextFile("bin/tool", 0o755, b"#!/bin/sh\n"),
        ContextFile("link", 0o777, link="bin/tool"),
    )


def test_the_tar_is_the_same_every_time(folder: Path) -> None:
    first = tar(read_folder(folder))
    os.utime(folder / "Dockerfile", (1, 1))
    assert tar(read_folder(folder)) == first
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        assert archive.getnames() == ["Dockerfile", "bin/tool", "link"]


def test_the_hash_follows_content_mode_name_and_base(folder: Path) -> None:
    hashes = {content_hash(read_folder(folder), "base")}
    hashes.add(content_hash(read_folder(folder), "another base"))
    (folder / "bin" / "tool").chmod(0o644)
    hashes.add(content_hash(read_folder(folder), "base"))
    (folder / "bin" / "tool").rename(folder / "bin" / "tools")
    hashes.add(content_hash(read_folder(folder), "base"))
    (folder / "Dockerfile").write_text("FROM debian\n")
    hashes.add(content_hash(read_folder(folder), "base"))
    assert len(hashes) == 5


def test_containerfile_is_a_name_for_it_too(folder: Path) -> None:
    (folder / "Dockerfile").rename(folder / "Containerfile")
    assert dockerfile(read_folder(folder)) == "Containerfile"


def test_a_link_that_leads_out(folder: Path) -> None:
    (folder / "out").symlink_to("/etc/passwd")
    with pytest.raises(ImageBuildFailed, match="leads out"):
        read_folder(folder)


def test_nothing_to_build(tmp_path: Path) -> None:
    with pytest.raises(ImageBuildFailed, match="neither a Dockerfile nor a Containerfile"):
        read_folder(tmp_path)


def test_what_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(ImageBuildFailed, match="neither a file nor a folder"):
        read_folder(folder)


def test_too_big(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MAX_BYTES", 20)  # 64 MiB are not written for a test
    with pytest.raises(ImageBuildFailed, match="larger than"):
        read_folder(folder)

"""`airut-sandbox image`, as far as no engine is asked."""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airut.ci.image_archive import INDEX, Contents, sealed
from airut.ci.image_keys import image_keys
from airut.demo.repositories import GIT_ENVIRONMENT
from tests.ci.conftest import COMMAND

KEY = "k" * 32


def image(folder: Path, *arguments: str, key: str = "") -> tuple[int, str, str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "AIRUT_IMAGE_KEY": key,
    }
    done = subprocess.run(
        [*COMMAND, "image", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env=GIT_ENVIRONMENT, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".airut" / "container").mkdir(parents=True)
    (tmp_path / ".airut" / "container" / "Dockerfile").write_text("FROM airut/base\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_the_hash_is_of_the_commit_that_is_asked_for(checkout: Path) -> None:
    container = checkout / ".airut" / "container"
    committed = image_keys(container).lines()
    assert image(checkout, "hash") == (0, committed, "")
    (container / "Dockerfile").write_text("FROM evil\n")
    (container / "more").touch()
    changed = image_keys(container).lines()
    assert image(checkout, "hash") == (0, changed, "")
    assert image(checkout, "hash", "--policy-ref", "main") == (0, committed, "")
    git(checkout, "rm", "-r", "--quiet", "--force", ".airut")
    git(checkout, "commit", "--quiet", "--message", "second")
    assert image(checkout, "hash", "--policy-ref", "main") == (0, image_keys(None).lines(), "")
    assert image(checkout, "hash", "--policy-ref", "main~1") == (0, committed, "")


@pytest.mark.parametrize("ref", ["nowhere", "--output=x", "main:.airut"])
def test_a_commit_that_there_is_not(checkout: Path, ref: str) -> None:
    code, out, error = image(checkout, "hash", f"--policy-ref={ref}")
    assert (code, out) == (125, "")
    assert error == (
        f"airut-sandbox: --policy-ref: there is no commit {ref} here; a checkout of only the newest commit lacks others "
        "(fetch-depth: 0)\n"
    )


def test_another_folder_that_the_settings_name(checkout: Path) -> None:
    other = checkout / "ci" / "image"
    other.mkdir(parents=True)
    (other / "Dockerfile").write_text("FROM airut/base\nRUN true\n")
    (checkout / ".airut" / "sandbox.yaml").write_text("container: {path: ci/image}\n")
    assert image(checkout, "hash") == (0, image_keys(other).lines(), "")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "second")
    assert image(checkout, "hash", "--policy-ref", "main") == (0, image_keys(other).lines(), "")
    (checkout / ".airut" / "sandbox.yaml").write_text("contaner: {}\n")
    code, _, error = image(checkout, "hash")
    assert (code, error.startswith("airut-sandbox: .airut/sandbox.yaml:1:1: contaner: ")) == (125, True), error


def test_a_repository_whose_configuration_names_programs(checkout: Path) -> None:
    """It may be whoever wrote the pull request's: a step before this one has run in the same folder."""
    ran = checkout / "ran"
    program = checkout / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
    program.chmod(0o755)
    container = image_keys(checkout / ".airut" / "container").lines()
    for key, value in {
        "core.fsmonitor": str(program),
        "core.sshCommand": str(program),
        "core.hooksPath": str(checkout),
        "core.gitProxy": str(program),
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::{program}",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(program),
        "protocol.allow": "always",
        "filter.evil.smudge": str(program),
        "diff.external": str(program),
        "core.pager": str(program),
    }.items():
        git(checkout, "config", key, value)
    (checkout / ".gitattributes").write_text("* filter=evil diff=evil\n")
    assert image(checkout, "hash", "--policy-ref", "main") == (0, container, "")
    assert not ran.exists()
    shutil.rmtree(checkout / ".git" / "objects")  # of a partial clone: git would ask the remote
    (checkout / ".git" / "objects").mkdir()
    code, _, error = image(checkout, "hash", "--policy-ref", "main")
    assert (code, error.startswith("airut-sandbox: --policy-ref: ")) == (125, True), error
    assert not ran.exists()


def test_a_missing_archive_is_a_note(tmp_path: Path) -> None:
    assert image(tmp_path, "load", "kept") == (
        0, "", f"airut-sandbox: there are no images in {tmp_path}/kept: they will be built\n"
    )  # fmt: skip


def kept(folder: Path, key: str = "", age: timedelta = timedelta()) -> Path:
    contents = Contents(
        created=datetime.now(UTC) - age,
        architecture=os.uname().machine,
        keys=image_keys(None),
        tags=(),
        size=0,
        sha256="0" * 64,
    )
    (folder / "kept").mkdir()
    (folder / "kept" / INDEX).write_bytes(sealed(contents, key))
    return folder / "kept"


def test_a_stale_archive_is_a_note(tmp_path: Path) -> None:
    folder = kept(tmp_path, KEY, timedelta(hours=50))
    assert image(tmp_path, "load", "--max-age=48h", "kept", key=KEY) == (
        0, "", f"airut-sandbox: the images in {folder} are not used: it is 50 hours old, and may have 48\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written_with", "arguments", "key", "said"),
    [
        ("", (), KEY, "it is not sealed with this key"),
        ("o" * 32, (), KEY, "it is not sealed with this key"),
        (KEY, (), "short", "AIRUT_IMAGE_KEY must have 32 characters or more"),
        (KEY, ("--max-age=week",), KEY, "--max-age: 'week' is not a duration; write 30s, 5m, 2h or 7d"),
    ],
)
def test_what_is_refused(tmp_path: Path, written_with: str, arguments: tuple[str, ...], key: str, said: str) -> None:
    kept(tmp_path, written_with)
    code, out, error = image(tmp_path, "load", *arguments, "kept", key=key)
    assert (code, out) == (125, "")
    assert error.startswith(f"airut-sandbox: {said}")

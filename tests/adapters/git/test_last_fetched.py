"""What a mirror shows without a network."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from airut.adapters.git.last_fetched import FetchedMirrors
from airut.adapters.git.lock import locked
from airut.demo.repositories import git
from airut.errors import GitError
from airut.models.hosts.workspace import DefaultBranch
from tests.adapters.git.stage import REPO, Stage

POLICY = ".airut/network-allowlist.yaml"
LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)


async def test_a_file_is_shown_as_of_the_last_fetch(stage: Stage) -> None:
    fetched = FetchedMirrors(stage.root)
    assert await fetched.file(REPO, POLICY) is None
    branch = await stage.mirror.refresh(REPO)
    os.utime(stage.root / "web.git" / "HEAD", times=(LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    stage.advance({POLICY: b"domains: [new.test] # \xff\n"})
    async with locked(stage.root / f"{REPO}.lock"):  # another task fetches
        found = await fetched.file(REPO, POLICY)
        missing = await fetched.file(REPO, ".airut/none")
    assert found is not None
    assert (found.branch, found.fetched_at, found.text) == (branch, LONG_AGO, "domains: []\n")
    assert missing == found.model_copy(update={"text": None})

    branch = await stage.mirror.refresh(REPO)
    again = await fetched.file(REPO, POLICY)
    assert again is not None
    assert (again.branch, again.text) == (branch, "domains: [new.test] # \ufffd\n")
    assert datetime.now(UTC) - again.fetched_at < timedelta(minutes=1)


async def test_a_fetch_that_finds_nothing_new_counts(stage: Stage) -> None:
    await stage.mirror.refresh(REPO)
    os.utime(stage.root / "web.git" / "HEAD", times=(LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    await stage.mirror.refresh(REPO)
    found = await FetchedMirrors(stage.root).file(REPO, POLICY)
    assert found is not None
    assert datetime.now(UTC) - found.fetched_at < timedelta(minutes=1)


async def test_the_branch_is_the_one_that_was_fetched_as_the_default(stage: Stage) -> None:
    commit = stage.advance({POLICY: "domains: [next.test]\n"}, "team/next")
    mirror = stage.other_mirror(
        stage.remote_with("ghp_0123456789abcdefghijklmnopqrstuvwxyz", default_branch="team/next")
    )
    await mirror.refresh(REPO)
    found = await FetchedMirrors(stage.root.with_name("other")).file(REPO, POLICY)
    assert found is not None
    assert (found.branch, found.text) == (DefaultBranch(name="team/next", commit=commit), "domains: [next.test]\n")


async def test_a_mirror_of_which_nothing_came_yet(stage: Stage) -> None:
    mirror = stage.root / f"{REPO}.git"
    mirror.mkdir(parents=True)
    git(mirror, "init", "--quiet", "--bare", str(mirror))
    assert await FetchedMirrors(stage.root).file(REPO, POLICY) is None


async def test_what_cannot_be_read_is_said(stage: Stage) -> None:
    await stage.mirror.refresh(REPO)
    (stage.root / f"{REPO}.git" / "HEAD").write_text("nonsense\n")
    with pytest.raises(GitError, match="the mirror of web cannot be read: git symbolic-ref ended with 128"):
        await FetchedMirrors(stage.root).file(REPO, POLICY)

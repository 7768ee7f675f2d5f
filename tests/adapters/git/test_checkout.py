"""A thread's checkout: what it holds, when it is left as it is, and when it is made anew."""

import asyncio
import os
from pathlib import Path

import pytest

from airut.errors import GitError
from airut.models.hosts.workspace import DefaultBranch
from tests.adapters.git.stage import FILES, REPO, Stage, Worker


async def test_clone(stage: Stage) -> None:
    stage.advance({"b": "c"}, "other")
    worker, branch = await stage.checkout()
    assert {path: (worker.folder / path).read_text() for path in FILES} == FILES
    assert worker.head() == branch.commit
    assert worker.git("status", "--porcelain", "--branch") == b"## main...origin/main\n"
    assert worker.git("remote", "get-url", "origin").decode().strip() == stage.server.clone_url("acme/web")
    remotes = worker.git("for-each-ref", "--format=%(refname)", "refs/remotes").decode().split()
    assert {"refs/remotes/origin/main", "refs/remotes/origin/other"} <= set(remotes)
    worker.git("fsck", "--full", "--strict")


async def test_clone_shares_nothing_with_the_mirror(stage: Stage) -> None:
    worker, _ = await stage.checkout()
    dot_git = worker.folder / ".git"
    assert not (dot_git / "objects" / "info" / "alternates").exists()
    files = [path for path in dot_git.rglob("*") if path.is_file()]
    assert {os.stat(path).st_nlink for path in files} == {1}
    told = [path for path in files if str(stage.root).encode() in path.read_bytes()]
    assert told == []
    assert not list(dot_git.glob("hooks/*"))


async def test_a_finished_workspace_is_left_alone_and_no_git_runs_in_it(stage: Stage) -> None:
    worker, branch = await stage.checkout()
    worker.commit({"mine.txt": "x"})
    trap = worker.folder / ".git" / "config"
    trap.write_text(trap.read_text() + "[core]\n\tfsmonitor = touch pwned; true\n\thooksPath = /nonexistent\n")
    (worker.folder / "untracked").write_text("keep")
    stage.advance({"newer": "x"})
    await stage.mirror.clone(REPO, await stage.mirror.refresh(REPO), worker.folder)
    assert (worker.folder / "untracked").read_text() == "keep"
    assert not (worker.folder / "pwned").exists()
    assert not (worker.folder / "newer").exists()
    assert (worker.folder.parent / "workspace.ready").read_text().strip() == branch.commit


@pytest.mark.parametrize("left", ["nothing", "empty", "half", "partial", "marker only", "link"])
async def test_an_unfinished_workspace_is_made_anew(stage: Stage, tmp_path: Path, left: str) -> None:
    workspace = stage.root.with_name("workspace")
    workspace.parent.mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").touch()
    if left in ("empty", "half"):
        workspace.mkdir()
    if left == "half":
        (workspace / "README.md").write_text("torn")
        (workspace / ".git").mkdir()
    if left == "partial":
        workspace.with_name("workspace.partial").mkdir()
    if left == "marker only":
        workspace.with_name("workspace.ready").touch()
    if left == "link":
        workspace.symlink_to(outside)
    worker, _ = await stage.checkout()
    assert (worker.folder / "README.md").read_text() == FILES["README.md"]
    assert not workspace.with_name("workspace.partial").exists()
    assert (outside / "keep").exists()


async def test_two_clones_of_one_workspace_at_once(stage: Stage) -> None:
    branch = await stage.mirror.refresh(REPO)
    workspace = stage.root.with_name("workspace")
    await asyncio.gather(*(stage.mirror.clone(REPO, branch, workspace) for _ in range(4)))
    assert Worker(workspace).head() == branch.commit


async def test_clone_of_an_older_commit_of_the_branch(stage: Stage) -> None:
    old = await stage.mirror.refresh(REPO)
    stage.advance({"newer": "x"})
    await stage.mirror.refresh(REPO)
    workspace = stage.root.with_name("workspace")
    await stage.mirror.clone(REPO, old, workspace)
    assert Worker(workspace).head() == old.commit


async def test_a_checkout_is_made_anew_once_after_a_merge(stage: Stage) -> None:
    workspace = stage.root.with_name("workspace")
    await stage.mirror.clone(REPO, await stage.mirror.refresh(REPO), workspace)
    stage.advance({"merged": "x"})
    branch = await stage.mirror.refresh(REPO)
    assert await stage.mirror.clone(REPO, branch, workspace) != branch.commit  # as it is
    assert (await stage.mirror.has_checkout(workspace), await stage.mirror.has_checkout(workspace, 7)) == (True, False)
    (workspace / "left").touch()
    assert await stage.mirror.clone(REPO, branch, workspace, 7) == branch.commit
    assert (workspace / "merged").exists()
    assert not (workspace / "left").exists()
    (workspace / "begun").touch()
    stage.advance({"merged": "y"})
    assert await stage.mirror.clone(REPO, await stage.mirror.refresh(REPO), workspace, 7) == branch.commit
    assert await stage.mirror.clone(REPO, branch, workspace) == branch.commit  # its successor is open by then
    assert (workspace / "begun").exists()
    assert await stage.mirror.has_checkout(workspace, 7)
    assert not await stage.mirror.has_checkout(workspace, 8)


async def test_clone_of_an_unknown_commit(stage: Stage) -> None:
    await stage.mirror.refresh(REPO)
    workspace = stage.root.with_name("workspace")
    with pytest.raises(GitError, match="checkout"):
        await stage.mirror.clone(REPO, DefaultBranch(name="main", commit="0" * 40), workspace)
    assert not workspace.exists()

"""refresh and read_tree against a real git host."""

import asyncio
import base64
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from airut.adapters.git import GitMirror, RepoRemote
from airut.demo.faults import FOREVER, Fault
from airut.demo.git_server import seed_repository
from airut.demo.repositories import git
from airut.errors import ConfigError, ForgeUnavailable, GitError, RemoteRefused, RemoteUnavailable
from airut.models.credentials.secret import Secret
from airut.models.hosts.workspace import DefaultBranch, TreeFile
from tests.adapters.git.stage import FILES, REPO, TOKEN, Stage


async def test_refresh_follows_the_remote(stage: Stage) -> None:
    first = await stage.mirror.refresh(REPO)
    assert first == DefaultBranch(name="main", commit=str(stage.at("main")))
    assert await stage.mirror.refresh(REPO) == first
    commit = stage.advance({"new.txt": "x"})
    assert await stage.mirror.refresh(REPO) == DefaultBranch(name="main", commit=commit)


async def test_refresh_follows_a_renamed_default_branch_and_a_rewritten_one(stage: Stage) -> None:
    await stage.mirror.refresh(REPO)
    git(stage.repository, "branch", "-m", "main", "trunk")
    assert (await stage.mirror.refresh(REPO)).name == "trunk"
    git(stage.repository, "update-ref", "-d", "refs/heads/trunk")
    commit = stage.advance({"a": "b"}, "trunk")
    assert await stage.mirror.refresh(REPO) == DefaultBranch(name="trunk", commit=commit)


async def test_branch_that_stands_where_a_folder_stood(stage: Stage) -> None:
    stage.advance({"a": "b"}, "x/y")
    await stage.mirror.refresh(REPO)
    git(stage.repository, "branch", "-m", "x/y", "x")
    await stage.mirror.refresh(REPO)


async def test_configured_default_branch(stage: Stage) -> None:
    commit = stage.advance({"a": "b"}, "next")
    mirror = stage.other_mirror(stage.remote_with(TOKEN, default_branch="next"))
    assert await mirror.refresh(REPO) == DefaultBranch(name="next", commit=commit)


async def test_a_token_that_is_asked_for_when_it_is_needed(stage: Stage) -> None:
    asked: list[str] = []

    def token() -> str:
        asked.append("")
        if len(asked) == 2:
            raise ForgeUnavailable("no token now")
        return TOKEN

    mirror = stage.other_mirror(replace(stage.remote_with(TOKEN), token=Secret(token)))
    branch = await mirror.refresh(REPO)
    assert (await mirror.read_tree(REPO, branch.commit, "README.md"))[0].content == b"# Web\n"
    await mirror.clone(REPO, branch, stage.root / "workspace")
    assert len(asked) == 1
    with pytest.raises(RemoteUnavailable, match=r"^no token now$"):
        await mirror.refresh(REPO)


async def test_remote_with_detached_head(stage: Stage) -> None:
    git(stage.repository, "update-ref", "--no-deref", "HEAD", str(stage.at("main")))
    with pytest.raises(RemoteRefused, match="set default_branch"):
        await stage.mirror.refresh(REPO)


async def test_empty_remote(stage: Stage) -> None:
    seed_repository(stage.repository.parents[1], FILES, "acme/empty")
    git(stage.repository.parent / "empty.git", "update-ref", "-d", "refs/heads/main")
    with pytest.raises(RemoteRefused, match="push a first commit"):
        await stage.other_mirror(stage.remote_with(TOKEN, "acme/empty")).refresh(REPO)


@pytest.mark.parametrize("token", ["wrong-token-value", None])
async def test_wrong_token(stage: Stage, token: str | None) -> None:
    with pytest.raises(RemoteRefused, match="check the URL and the token") as caught:
        await stage.other_mirror(stage.remote_with(token)).refresh(REPO)
    assert "wrong-token-value" not in str(caught.value)


async def test_no_such_repository(stage: Stage) -> None:
    with pytest.raises(RemoteRefused):
        await stage.other_mirror(stage.remote_with(TOKEN, "acme/none")).refresh(REPO)
    with pytest.raises(ConfigError, match="nothing"):
        await stage.mirror.refresh("nothing")


@pytest.mark.parametrize("fault", [Fault.server_error(times=FOREVER), Fault(drop=True, times=FOREVER)])
async def test_remote_away_and_back(stage: Stage, fault: Fault) -> None:
    stage.server.faults.add(fault)
    with pytest.raises(RemoteUnavailable):
        await stage.mirror.refresh(REPO)
    stage.server.faults.clear()
    await stage.mirror.refresh(REPO)


async def test_redirect_does_not_carry_the_token_away(stage: Stage) -> None:
    headers = {"location": f"http://localhost:1/{stage.server.clone_url('x')}"}
    stage.server.faults.add(Fault(status=301, headers=headers, times=FOREVER))
    with pytest.raises(RemoteRefused):
        await stage.mirror.refresh(REPO)


async def test_stale_locks_of_a_killed_git_do_not_stop_us(stage: Stage) -> None:
    await stage.mirror.refresh(REPO)
    for name in ("HEAD.lock", "packed-refs.lock", "refs/heads/main.lock"):
        (stage.root / f"{REPO}.git" / name).touch()
    commit = stage.advance({"a": "b"})
    assert (await stage.mirror.refresh(REPO)).commit == commit


async def test_many_at_once(stage: Stage) -> None:
    other = GitMirror(stage.root, {REPO: stage.remote})
    branches = await asyncio.gather(*(mirror.refresh(REPO) for mirror in (stage.mirror, other) * 4))
    assert len(set(branches)) == 1


async def test_cancelled_leaves_no_git_behind(stage: Stage) -> None:
    gate = stage.server.faults.gate("")
    task = asyncio.create_task(stage.mirror.refresh(REPO))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stage.server.url not in await processes()
    gate.open()
    await stage.mirror.refresh(REPO)


async def test_token_is_in_no_argument_and_no_file(stage: Stage, tmp_path: Path) -> None:
    stage.server.faults.add(Fault(delay=0.3, times=FOREVER))
    gate = stage.server.faults.gate("")
    task = asyncio.create_task(stage.checkout())
    await gate.reached.wait()
    seen = await processes()
    gate.open()
    while not task.done():
        seen += await processes()
        await asyncio.sleep(0.05)
    await task
    assert "remote-http" in seen
    forms = (TOKEN.encode(), base64.b64encode(f"x-access-token:{TOKEN}".encode()))
    assert not any(form.decode() in seen for form in forms)
    state = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert state
    assert not [path for path in state if any(form in path.read_bytes() for form in forms)]


async def processes() -> str:
    """Argument lists of everything that runs."""
    done = await asyncio.to_thread(subprocess.run, ["ps", "-ewwo", "args"], capture_output=True, text=True)
    return done.stdout


async def test_read_tree(stage: Stage) -> None:
    branch = await stage.mirror.refresh(REPO)
    assert await stage.mirror.read_tree(REPO, branch.commit, ".airut") == (
        TreeFile(path="container/Dockerfile", mode=0o100644, content=b"FROM scratch\n"),
        TreeFile(path="network-allowlist.yaml", mode=0o100644, content=b"domains: []\n"),
    )
    (file,) = await stage.mirror.read_tree(REPO, branch.commit, ".airut/network-allowlist.yaml")
    assert file.path == "network-allowlist.yaml"
    assert len(await stage.mirror.read_tree(REPO, branch.commit, "")) == len(FILES)
    for absent in (".air", "air*", "src/app.py/x", "nothing"):
        assert await stage.mirror.read_tree(REPO, branch.commit, absent) == ()


@pytest.mark.parametrize(("commit", "path"), [("0" * 40, ""), ("main", ""), ("--help", ""), ("a" * 40, "../x")])
async def test_read_tree_of_nothing(stage: Stage, commit: str, path: str) -> None:
    await stage.mirror.refresh(REPO)
    with pytest.raises(GitError):
        await stage.mirror.read_tree(REPO, commit, path)


@pytest.mark.parametrize(
    ("target", "good"), [("a.txt", True), ("../src/app.py", False), ("/etc/passwd", False), ("../../x", False)]
)
async def test_read_tree_and_symbolic_links(stage: Stage, target: str, good: bool) -> None:
    worker, _ = await stage.checkout()
    (worker.folder / ".airut" / "link").symlink_to(target)
    worker.commit({".airut/a.txt": "x", ".airut/ümläut \n": "y"})
    worker.git("push", "--quiet", str(stage.repository), "HEAD:refs/heads/main")
    branch = await stage.mirror.refresh(REPO)
    if good:
        files = {
            file.path: (file.mode, file.content) for file in await stage.mirror.read_tree(REPO, branch.commit, ".airut")
        }
        assert files["link"] == (0o120000, b"a.txt")
        assert files["ümläut \n"] == (0o100644, b"y")
    else:
        with pytest.raises(GitError, match="link leads out"):
            await stage.mirror.read_tree(REPO, branch.commit, ".airut")


async def test_ssh_and_https_remotes_are_built_without_contact(tmp_path: Path) -> None:
    """A mirror that is only constructed touches neither disk nor network."""
    GitMirror(tmp_path / "m", {REPO: RepoRemote(REPO, "git@github.com:acme/web.git")})
    assert not (tmp_path / "m").exists()

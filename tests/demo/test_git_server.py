"""The git server, asked by the real git."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.demo.faults import Fault
from airut.demo.git_server import GitServer, RefUpdate
from airut.demo.repositories import GIT_ENVIRONMENT, protect, read_file, resolve, seed_repository

TOKEN = "ghp_" + "b" * 36


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return seed_repository(tmp_path / "served", {"README.md": "# Web\n", "src/app.py": "print()\n"})


@pytest.fixture
async def server(tmp_path: Path, repository: Path) -> AsyncIterator[GitServer]:
    async with GitServer(tmp_path / "served", [TOKEN]) as running:
        yield running


async def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and stderr of git."""
    environment = GIT_ENVIRONMENT | {"GIT_ASKPASS": "true", "no_proxy": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        "git", *arguments, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    return process.returncode or 0, errors.decode()


def with_token(server: GitServer, repo: str = "acme/web", token: str = TOKEN) -> str:
    return server.clone_url(repo).replace("://", f"://x-access-token:{token}@")


async def checkout(server: GitServer, folder: Path) -> Path:
    code, errors = await run(folder, "clone", "--quiet", with_token(server), "work")
    assert code == 0, errors
    return folder / "work"


async def commit(work: Path, name: str, content: str) -> str:
    (work / name).write_text(content)
    await run(work, "add", name)
    await run(work, "commit", "--quiet", "-m", f"Add {name}")
    return resolve(work / ".git", "HEAD") or ""


async def test_clone_and_push(server: GitServer, repository: Path, tmp_path: Path) -> None:
    work = await checkout(server, tmp_path)
    assert (work / "src/app.py").read_text() == "print()\n"
    new = await commit(work, "big.bin", "x" * 3_000_000)  # above http.postBuffer: git sends it chunked
    code, errors = await run(work, "push", "origin", "HEAD:refs/heads/feature")
    assert code == 0, errors
    assert len(read_file(repository, "feature", "big.bin")) == 3_000_000
    (push,) = server.pushes
    assert push == RefUpdate(
        at=push.at,
        repo="acme/web",
        ref="refs/heads/feature",
        old="0" * 40,
        new=new,
        user="x-access-token",
        accepted=True,
    )


async def test_random_bytes_are_pushed_in_chunks(server: GitServer, repository: Path, tmp_path: Path) -> None:
    work = await checkout(server, tmp_path)
    (work / "noise").write_bytes(os.urandom(2_500_000))
    new = await commit(work, "note.txt", "n")
    await run(work, "add", "noise")
    await run(work, "commit", "--quiet", "--amend", "-m", "Noise")
    code, errors = await run(work, "push", "origin", "HEAD:refs/heads/noise")
    assert code == 0, errors
    assert resolve(repository, "noise") == resolve(work / ".git", "HEAD") != new


@pytest.mark.parametrize(
    # git names its token only when it is asked to, so a wrong one goes unseen where anybody may read
    ("anonymous_read", "token", "code"),
    [(False, "", 128), (True, "", 0), (True, "wrong", 0), (False, "wrong", 128)],
)
async def test_who_may_read(tmp_path: Path, repository: Path, anonymous_read: bool, token: str, code: int) -> None:
    async with GitServer(tmp_path / "served", [TOKEN], anonymous_read=anonymous_read) as server:
        url = with_token(server, token=token) if token else server.clone_url("acme/web")
        assert (await run(tmp_path, "ls-remote", url))[0] == code


async def test_no_push_without_a_token(tmp_path: Path, repository: Path) -> None:
    async with GitServer(tmp_path / "served", [TOKEN], anonymous_read=True) as server:
        work = await checkout(server, tmp_path)
        await commit(work, "a", "a")
        code, _ = await run(work, "push", server.clone_url("acme/web"), "HEAD:refs/heads/feature")
        assert (code, server.pushes, resolve(repository, "feature")) == (128, [], None)


@pytest.mark.parametrize("repo", ["acme/none", "../etc", "acme/.."])
async def test_no_such_repository(server: GitServer, tmp_path: Path, repo: str) -> None:
    code, errors = await run(tmp_path, "ls-remote", with_token(server, repo))
    assert code == 128
    assert "not found" in errors


async def test_protected_branch(server: GitServer, repository: Path, tmp_path: Path) -> None:
    protect(repository, "main")
    work = await checkout(server, tmp_path)
    await commit(work, "a", "a")
    code, errors = await run(work, "push", "origin", "HEAD:refs/heads/main", "HEAD:refs/heads/free")
    assert code == 1
    assert "GH006" in errors
    assert [(push.ref, push.accepted) for push in server.pushes] == [
        ("refs/heads/main", False),
        ("refs/heads/free", True),
    ]


@pytest.mark.parametrize("fault", [Fault.server_error(), Fault(status=401), Fault(drop=True)])
async def test_faults_pass(server: GitServer, tmp_path: Path, fault: Fault) -> None:
    server.faults.add(fault)
    assert (await run(tmp_path, "ls-remote", with_token(server)))[0] == 128
    assert (await run(tmp_path, "ls-remote", with_token(server)))[0] == 0


async def test_a_push_whose_answer_is_lost_has_happened(server: GitServer, repository: Path, tmp_path: Path) -> None:
    work = await checkout(server, tmp_path)
    new = await commit(work, "a", "a")
    server.faults.add(Fault.lost_answer("POST .*receive-pack"))
    code, _ = await run(work, "push", "origin", "HEAD:refs/heads/feature")
    assert code != 0
    assert resolve(repository, "feature") == new
    assert (await run(work, "push", "origin", "HEAD:refs/heads/feature"))[0] == 0
    # curl asks again by itself when a kept connection dies, and git then refuses to create what exists
    assert [push.accepted for push in server.pushes] == [True, False]


async def test_a_seed_is_made_once(repository: Path, tmp_path: Path) -> None:
    before = resolve(repository, "main")
    assert seed_repository(tmp_path / "served", {"other": "x"}) == repository
    assert resolve(repository, "main") == before

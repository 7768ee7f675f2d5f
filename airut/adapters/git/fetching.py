"""From the remote into the mirror."""

import asyncio
import contextlib
import shutil
from pathlib import Path

from airut.adapters.git.process import Git, GitFailed
from airut.adapters.git.remote import RepoRemote, login_settings, protocol, public_url, remote_failure
from airut.errors import RemoteRefused, RemoteUnavailable
from airut.models.workspace import DefaultBranch

ASK_DEADLINE = 60.0
FETCH_DEADLINE = 600.0
"""Seconds: a first fetch of a very large repository; dead connections end after a minute by `http.lowSpeedTime`."""
_REPACK_DEADLINE = 600.0


def remote_git(folder: Path, remote: RepoRemote, lock: int) -> Git:
    """git that may talk to this remote and to nothing else."""
    return Git(folder, (protocol(remote.url),), login_settings(remote), (lock,))


async def call_remote(git: Git, doing: str, remote: RepoRemote, *arguments: str, deadline: float) -> bytes:
    """
    Raises:
        RemoteUnavailable, RemoteRefused, PushRejected, NoSpace
    """
    try:
        return await git(*arguments, deadline=deadline)
    except TimeoutError as error:
        where = public_url(remote.url)
        raise RemoteUnavailable(f"{doing} {where}: no end within {deadline:.0f} seconds") from error
    except GitFailed as error:
        raise remote_failure(doing, error.stderr, remote) from error


async def open_mirror(mirror: Path) -> None:
    """Make the mirror if it is missing. The caller holds its lock, so what a killed git left locked is stale.

    Raises:
        GitFailed, TimeoutError
    """
    if await asyncio.to_thread(_unlocked, mirror):
        return
    new = mirror.with_name(f"{mirror.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    await Git(new)("init", "--quiet", "--bare", "--template=", str(new))
    new.rename(mirror)


def _unlocked(mirror: Path) -> bool:
    """Whether there is a mirror; its stale locks are gone then."""
    for stale in (*mirror.glob("*.lock"), *mirror.glob("refs/**/*.lock"), *mirror.glob("objects/**/*.lock")):
        stale.unlink(missing_ok=True)
    return (mirror / "HEAD").exists()


async def fetch_all(mirror: Path, remote: RepoRemote, lock: int) -> DefaultBranch:
    """Bring branches and tags up to date, and say which branch is the default one.

    Raises:
        RemoteUnavailable, RemoteRefused, NoSpace
    """
    git = remote_git(mirror, remote, lock)
    url = public_url(remote.url)
    name = remote.default_branch or await _default_branch(git, remote)
    refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    plain = ("--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    await call_remote(git, "fetching", remote, "fetch", *plain, url, *refs, deadline=FETCH_DEADLINE)
    with contextlib.suppress(GitFailed, TimeoutError):  # Housekeeping: no task fails for it.
        await Git(mirror, settings=(("gc.auto", "6700"),), held=(lock,))(
            "gc", "--auto", "--quiet", deadline=_REPACK_DEADLINE
        )
    try:
        commit = await Git(mirror).line("rev-parse", "--verify", "--quiet", f"refs/heads/{name}^{{commit}}")
        await Git(mirror)("symbolic-ref", "HEAD", f"refs/heads/{name}")
    except GitFailed as error:
        raise RemoteRefused(f"{url} has no branch {name}; push a first commit or set default_branch") from error
    return DefaultBranch(name=name, commit=commit)


async def _default_branch(git: Git, remote: RepoRemote) -> str:
    """What the remote's HEAD points to (gitprotocol-v2: symrefs)."""
    url = public_url(remote.url)
    answer = await call_remote(git, "reading", remote, "ls-remote", "--symref", url, "HEAD", deadline=ASK_DEADLINE)
    for line in answer.decode("utf-8", "replace").splitlines():
        target, _, name = line.partition("\t")
        if name == "HEAD" and target.startswith("ref: refs/heads/"):
            return target.removeprefix("ref: refs/heads/")
    if answer.strip():
        raise RemoteRefused(f"{url}: its HEAD is on no branch; set default_branch")
    raise RemoteRefused(f"{url} is empty; push a first commit to its default branch")

"""From the remote into the mirror."""

import asyncio
import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from airut.adapters.git.process import Git, GitFailed
from airut.adapters.git.remote import RepoRemote, login_settings, protocol, public_url, remote_failure
from airut.errors import RemoteRefused, RemoteUnavailable
from airut.models.hosts.workspace import DefaultBranch

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

    One question tells both what there is and whether the mirror has it: most tasks find nothing new, and a second
    connection to the remote would double what a person waits here.

    Raises:
        RemoteUnavailable, RemoteRefused, NoSpace
    """
    git = remote_git(mirror, remote, lock)
    offered = await _offered(git, remote)
    name = remote.default_branch or _default_branch(offered, public_url(remote.url))
    if offered.refs != await _held(mirror):
        await _fetch(git, mirror, remote, lock)
    try:
        commit = await Git(mirror).line("rev-parse", "--verify", "--quiet", f"refs/heads/{name}^{{commit}}")
        await Git(mirror)("symbolic-ref", "HEAD", f"refs/heads/{name}")
    except GitFailed as error:
        url = public_url(remote.url)
        raise RemoteRefused(f"{url} has no branch {name}; push a first commit or set default_branch") from error
    return DefaultBranch(name=name, commit=commit)


async def _fetch(git: Git, mirror: Path, remote: RepoRemote, lock: int) -> None:
    refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    plain = ("--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
    await call_remote(git, "fetching", remote, "fetch", *plain, public_url(remote.url), *refs, deadline=FETCH_DEADLINE)
    with contextlib.suppress(GitFailed, TimeoutError):  # Housekeeping: no task fails for it.
        await Git(mirror, settings=(("gc.auto", "6700"),), held=(lock,))(
            "gc", "--auto", "--quiet", deadline=_REPACK_DEADLINE
        )


@dataclass(frozen=True)
class _Offer:
    """What a remote has: branches and tags with their objects, and the ref that its HEAD points to, if any."""

    refs: frozenset[tuple[str, str]]
    head: str | None


async def _offered(git: Git, remote: RepoRemote) -> _Offer:
    """Ask the remote (gitprotocol-v2: ls-refs with symrefs)."""
    patterns = ("HEAD", "refs/heads/*", "refs/tags/*")
    command = ("ls-remote", "--symref", public_url(remote.url), *patterns)
    answer = await call_remote(git, "reading", remote, *command, deadline=ASK_DEADLINE)
    refs: set[tuple[str, str]] = set()
    head: str | None = None
    for line in answer.decode("utf-8", "replace").splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            head = value.removeprefix("ref: ") if name == "HEAD" else head
        elif name.startswith(("refs/heads/", "refs/tags/")) and not name.endswith("^{}"):
            refs.add((name, value))
    return _Offer(frozenset(refs), head)


async def _held(mirror: Path) -> frozenset[tuple[str, str]]:
    """The mirror's branches and tags with their objects."""
    answer = await Git(mirror)("for-each-ref", "--format=%(refname)%09%(objectname)", "refs/heads", "refs/tags")
    lines = answer.decode("utf-8", "replace").splitlines()
    return frozenset((name, value) for name, _, value in (line.partition("\t") for line in lines))


def _default_branch(offered: _Offer, url: str) -> str:
    if offered.head and offered.head.startswith("refs/heads/"):
        return offered.head.removeprefix("refs/heads/")
    if offered.refs:
        raise RemoteRefused(f"{url}: its HEAD is on no branch; set default_branch")
    raise RemoteRefused(f"{url} is empty; push a first commit to its default branch")

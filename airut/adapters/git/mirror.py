"""The bare mirror of each repository, and what is done from it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from airut.adapters.git.bundle import parse_bundle
from airut.adapters.git.checkout import begun_at, make_checkout
from airut.adapters.git.fetching import fetch_all, open_mirror
from airut.adapters.git.lock import locked
from airut.adapters.git.process import Git, GitFailed
from airut.adapters.git.publication import Publication
from airut.adapters.git.quarantine import quarantine
from airut.adapters.git.remote import RepoRemote, public_url, scrub
from airut.adapters.git.rules import check_branch
from airut.adapters.git.tree import read_tree
from airut.errors import ConfigError, ForgeError, GitError, NoSpace, RemoteUnavailable
from airut.models.hosts.workspace import DefaultBranch, Push, PushSpec, TreeFile


class GitMirror:
    """Implements `airut.ports.git.Mirror`. Several processes may share `root`, which is `<name>.git` and more for each
    repository. `secrets` are values that must never leave; they are asked for at each publication."""

    def __init__(
        self,
        root: Path,
        remotes: Mapping[str, RepoRemote],
        secrets: Callable[[], Sequence[bytes]] = tuple,
    ) -> None:
        self._root = root.resolve()
        self._remotes = remotes
        self._secrets = secrets

    async def refresh(self, repo: str) -> DefaultBranch:
        remote = await self._logged_in(repo)
        async with self._mirror_locked(repo, exclusive=True) as lock:
            with _local(remote):
                await open_mirror(self._mirror(repo))
            return await fetch_all(self._mirror(repo), remote, lock)

    async def read_tree(self, repo: str, commit: str, path: str) -> tuple[TreeFile, ...]:
        with _local(self._logged_out(repo)):
            async with self._mirror_locked(repo, exclusive=False):
                return await read_tree(Git(self._mirror(repo)), commit, path)

    async def has_checkout(self, workspace: Path, after: int | None = None) -> bool:
        return await asyncio.to_thread(begun_at, workspace, after) is not None

    async def clone(self, repo: str, branch: DefaultBranch, workspace: Path, after: int | None = None) -> str:
        remote = self._logged_out(repo)
        with _local(remote):
            async with locked(workspace.with_name(f"{workspace.name}.lock")):
                if begun := await asyncio.to_thread(begun_at, workspace, after):
                    return begun
                async with self._mirror_locked(repo, exclusive=False):
                    await make_checkout(self._mirror(repo), branch, workspace, public_url(remote.url), after)
                return branch.commit

    async def publish(self, spec: PushSpec, bundle: bytes) -> Push | None:
        remote = await self._logged_in(spec.repo)
        check_branch(spec.branch, spec.default_branch)
        if not bundle:
            return None
        parsed = parse_bundle(bundle)
        default = await self.refresh(spec.repo)
        check_branch(spec.branch, default.name)
        mirror = self._mirror(spec.repo)
        with _local(remote):
            # One at a time: the quarantine has a fixed place, so that a killed publication is cleaned up by the next.
            async with (
                locked(self._root / f"{spec.repo}.publish.lock") as lock,
                self._mirror_locked(spec.repo, exclusive=False),
                quarantine(mirror, self._root / f"{spec.repo}.incoming") as git,
            ):
                publication = Publication(remote, mirror, git, lock, tuple(self._secrets()))
                return await publication.run(spec, parsed, default)

    async def _logged_in(self, repo: str) -> RepoRemote:
        """The remote with the token of now, which may have to be asked for. Raises: RemoteUnavailable"""
        remote = self._remote(repo)
        if remote.token is None:
            return remote
        try:
            return replace(remote, token=await asyncio.to_thread(remote.token.fixed))
        except ForgeError as error:
            raise RemoteUnavailable(str(error)) from error

    def _logged_out(self, repo: str) -> RepoRemote:
        """For what is done here alone: no token is asked for, and none is given to git."""
        return replace(self._remote(repo), token=None)

    def _remote(self, repo: str) -> RepoRemote:
        remote = self._remotes.get(repo)
        if remote is None:
            raise ConfigError(f"no repository {repo!r} is configured on this host")
        return remote

    def _mirror(self, repo: str) -> Path:
        return self._root / f"{repo}.git"

    @asynccontextmanager
    async def _mirror_locked(self, repo: str, *, exclusive: bool) -> AsyncIterator[int]:
        """Writers (fetch, repack) alone, readers together."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                lock = await stack.enter_async_context(locked(self._root / f"{repo}.lock", exclusive=exclusive))
            except TimeoutError as error:
                raise RemoteUnavailable(f"another task holds the mirror of {repo} for too long") from error
            yield lock


@contextlib.contextmanager
def _local(remote: RepoRemote) -> Iterator[None]:
    """Make failures of git on this host ours."""
    try:
        yield
    except TimeoutError as error:
        raise GitError(f"git did not end in time for {remote.name}") from error
    except GitFailed as error:
        if "No space left on device" in error.stderr:
            raise NoSpace(f"no space left on this host for {remote.name}") from error
        raise GitError(f"git {error.command} failed for {remote.name}: {scrub(error.stderr, remote)}") from error

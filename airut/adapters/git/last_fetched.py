"""Looking into a mirror as it is, for whoever only shows it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from airut.adapters.git.process import Git, GitFailed
from airut.adapters.git.tree import read_tree
from airut.errors import GitError
from airut.models.hosts.workspace import DefaultBranch
from airut.ports.last_fetched import FetchedFile

_DEADLINE = 10.0
"""Seconds: somebody waits for a page; one file of a large repository takes a tenth of one."""


class FetchedMirrors:
    """Implements `airut.ports.last_fetched.LastFetched` on the folder in which `GitMirror` keeps its mirrors.

    Their locks are not asked for: a fetch may hold one for minutes, and git itself lets a commit be read meanwhile.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    async def file(self, repo: str, path: str) -> FetchedFile | None:
        mirror = self._root / f"{repo}.git"
        try:
            # Each fetch writes it anew: it names the default branch.
            at = (mirror / "HEAD").stat().st_mtime
        except FileNotFoundError:
            return None
        try:
            async with asyncio.timeout(_DEADLINE):
                return await _file(Git(mirror), datetime.fromtimestamp(at, UTC), path)
        except TimeoutError as error:
            raise GitError(f"git did not end within {_DEADLINE:g} seconds in the mirror of {repo}") from error
        except (OSError, GitFailed) as error:
            raise GitError(f"the mirror of {repo} cannot be read: {error}") from error


async def _file(git: Git, at: datetime, path: str) -> FetchedFile | None:
    name = await git.line("symbolic-ref", "--short", "HEAD")
    try:
        commit = await git.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitFailed:  # made, but the first fetch has not come to its end
        return None
    found = await read_tree(git, commit, path)
    text = found[0].content.decode(errors="replace") if found else None
    return FetchedFile(branch=DefaultBranch(name=name, commit=commit), fetched_at=at, text=text)

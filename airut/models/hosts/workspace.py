"""Git, as the host sees it: the default branch, a thread's checkout, and what leaves it."""

from airut.models.base import Model
from airut.models.hosts.build import CONTAINER


class DefaultBranch(Model):
    """A repository's default branch as the host has just fetched it."""

    name: str
    commit: str


class TreeFile(Model):
    """One file of a commit's tree: path relative to the tree that was asked for, git mode, content."""

    path: str
    mode: int
    content: bytes


class PushSpec(Model):
    """What to push: the commits of a bundle on top of `base`, to the thread's own branch."""

    repo: str
    branch: str
    base: str
    default_branch: str
    max_file: int = 50 * 1024**2
    max_commits: int = 500
    container: str = CONTAINER


class Push(Model):
    """A branch as it now stands on the remote. `flagged` are changed paths below `.airut/` or `PushSpec.container`, and
    CI definitions."""

    branch: str
    commit: str
    commits: int
    subject: str
    """Subject line of the newest commit."""
    diffstat: str = ""
    flagged: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    """Files that do not merge with the default branch as it is now."""

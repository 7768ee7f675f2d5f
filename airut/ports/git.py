"""The host's side of git: a bare mirror per repository. The host never runs git inside an agent's workspace."""

from pathlib import Path
from typing import Protocol

from airut.models.hosts.workspace import DefaultBranch, Push, PushSpec, TreeFile


class Mirror(Protocol):
    """Every method is safe to call twice, has a deadline, and is serialised per repository where git needs it."""

    async def refresh(self, repo: str) -> DefaultBranch:
        """Fetch the remote into the bare mirror (made when missing) and return its default branch.

        Raises:
            RemoteUnavailable: network, timeout, 5xx.
            RemoteRefused: authentication failed or no such repository.
        """
        ...

    async def read_tree(self, repo: str, commit: str, path: str) -> tuple[TreeFile, ...]:
        """Return all files at or below `path` in that commit, from the mirror; empty when there is none.

        Raises:
            GitError: a symbolic link leads out of the tree, or the tree exceeds 64 MiB.
        """
        ...

    async def has_checkout(self, workspace: Path, after: int | None = None) -> bool:
        """Whether `clone` would leave what is there as it is."""
        ...

    async def clone(self, repo: str, branch: DefaultBranch, workspace: Path, after: int | None = None) -> str:
        """Make a full checkout for a thread: objects copied, no links or alternates into the mirror, `origin` set to
        the public URL without credentials, `branch` checked out. A finished one (marker file) is left as it is, unless
        `after` names a merged pull request that it was not made after; an unfinished one is made anew. Return the
        commit that the checkout began at.

        Raises:
            GitError
        """
        ...

    async def publish(self, spec: PushSpec, bundle: bytes) -> Push | None:
        """Unpack the bundle with `index-pack --strict` in a quarantine repository beside the mirror, check it there,
        and push it from there to the thread's branch with `--force-with-lease`. Nothing of it enters the mirror. None
        when it holds nothing new. The same bundle twice is one push.

        Raises:
            BundleRefused: says which check failed.
            PushRejected: the remote refused the branch (protected, hook).
            RemoteUnavailable, RemoteRefused
        """
        ...

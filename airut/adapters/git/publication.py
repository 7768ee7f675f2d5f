"""From a bundle to a branch on the remote: check everything, then push from the quarantine."""

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

from airut.adapters.git.bundle import Bundle
from airut.adapters.git.fetching import call_remote, remote_git
from airut.adapters.git.inspection import NewCommits
from airut.adapters.git.process import Git, GitFailed
from airut.adapters.git.quarantine import refusing, unpack
from airut.adapters.git.remote import RepoRemote, public_url, secret_values
from airut.errors import BundleRefused, PushRejected
from airut.models.hosts.workspace import DefaultBranch, Push, PushSpec

PUSH_DEADLINE = 600.0
"""Seconds: 200 MiB over a slow line; dead connections end sooner."""
_REMEMBERED = 50
KEPT = "refs/airut/kept"


@dataclass(frozen=True)
class Publication:
    """One bundle on its way. `git` is its quarantine; `mirror` has just been fetched."""

    remote: RepoRemote
    mirror: Path
    git: Git
    lock: int
    secrets: tuple[bytes, ...]

    async def run(self, spec: PushSpec, bundle: Bundle, default: DefaultBranch) -> Push | None:
        """
        Raises:
            BundleRefused, PushRejected, RemoteUnavailable, RemoteRefused, NoSpace
            GitFailed, TimeoutError: this host's git failed.
        """
        await unpack(self.git, bundle)
        await self._check_history(bundle.tip, default)
        current = await self._branch_commit(spec.branch)
        started = await self._known_commit(spec.base)
        own = NewCommits(self.git, bundle.tip, _some(default.commit, started))
        commits = await own.count()
        if commits == 0:
            return None
        if commits > spec.max_commits:
            raise BundleRefused(f"{commits} new commits are more than {spec.max_commits}")
        if current != bundle.tip:
            unseen = NewCommits(self.git, bundle.tip, _some(default.commit, started, current))
            values = (*self.secrets, *(value.encode() for value in secret_values(self.remote)))
            await unseen.check(spec.max_file, values, self.remote.url)
            await self._push(spec.branch, bundle.tip, current)
        diffstat, flagged = await own.changes(default.commit, spec.container)
        return Push(
            branch=spec.branch,
            commit=bundle.tip,
            commits=commits,
            subject=await own.subject(),
            diffstat=diffstat,
            flagged=flagged,
            conflicts=await own.conflicts(default.commit),
        )

    async def _check_history(self, tip: str, default: DefaultBranch) -> None:
        with refusing("the history cannot be walked"):
            related = await self.git.succeeds("merge-base", tip, default.commit)
        if not related:
            raise BundleRefused(f"the history is not based on the default branch {default.name}")

    async def _branch_commit(self, branch: str) -> str | None:
        """Where the thread's branch stands on the remote, as just fetched."""
        try:
            return await Git(self.mirror).line("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
        except GitFailed as error:
            if error.code == 1:
                return None
            raise

    async def _known_commit(self, commit: str) -> str | None:
        """The commit if the mirror has it; a force-push of the default branch may have taken it away."""
        kind = await Git(self.mirror)("cat-file", "--batch-check=%(objecttype)", stdin=f"{commit}\n".encode())
        return commit if kind == b"commit\n" else None

    async def _push(self, branch: str, tip: str, current: str | None) -> None:
        """Push over what is there only if it is in the new history or came from here.

        `--force-with-lease` then holds the remote to what we have looked at: a push by somebody else in between is
        never overwritten.
        """
        ours = _OwnPushes(self.mirror, branch)
        if current and current not in ours.read() and not await self._contains(tip, current):
            raise PushRejected(
                f"{branch} on {public_url(self.remote.url)} holds commits that are not from this thread; "
                "merge them in the workspace, or rename that branch"
            )
        ours.add(tip)
        lease = f"--force-with-lease=refs/heads/{branch}:{current or ''}"
        options = ("--quiet", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no", lease)
        git = remote_git(self.git.folder, self.remote, self.lock)
        refspec = f"{tip}:refs/heads/{branch}"
        command = ("push", *options, public_url(self.remote.url), refspec)
        await call_remote(git, "pushing to", self.remote, *command, deadline=PUSH_DEADLINE)
        await self._keep(branch, tip)

    async def _keep(self, branch: str, tip: str) -> None:
        """Let the mirror hold what was pushed, so that the next task finds nothing to fetch for it.

        The caller's shared lock keeps fetches and repacks away. A mirror that stays behind only costs that fetch.
        """
        with contextlib.suppress(GitFailed, TimeoutError):
            await self.git("update-ref", KEPT, tip)
            plain = ("--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
            refspec = f"+{KEPT}:refs/heads/{branch}"
            await Git(self.mirror, ("file",))("fetch", *plain, str(self.git.folder), refspec)

    async def _contains(self, tip: str, commit: str) -> bool:
        return await self.git.succeeds("merge-base", "--is-ancestor", commit, tip)


class _OwnPushes:
    """Commits that this host has pushed to a branch, or tried to: a rewritten history may replace these only."""

    def __init__(self, mirror: Path, branch: str) -> None:
        name = hashlib.sha256(branch.encode()).hexdigest()[:32]
        self._file = mirror / "airut-pushed" / name

    def read(self) -> list[str]:
        try:
            return self._file.read_text().split()
        except FileNotFoundError:
            return []

    def add(self, commit: str) -> None:
        """Written before the push: if we die in between, the branch must still be known as ours."""
        self._file.parent.mkdir(exist_ok=True)
        commits = [*(one for one in self.read() if one != commit), commit][-_REMEMBERED:]
        new = self._file.with_suffix(".new")
        new.write_text("\n".join(commits))
        new.replace(self._file)


def _some(*commits: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(commit for commit in commits if commit))

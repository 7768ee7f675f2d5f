"""A thread's checkout, made before any agent can touch it; git never runs in it again (spec: sandbox §6)."""

import asyncio
import os
import shutil
from pathlib import Path

from airut.adapters.git.process import Git
from airut.models.hosts.workspace import DefaultBranch

CLONE_DEADLINE = 600.0
"""Seconds: copying objects and writing files of a very large repository on a slow disk."""


def marker(workspace: Path) -> Path:
    """Beside the workspace, out of the agent's reach: its content is the commit that the checkout began at, and the
    number of the merged pull request that it was made after, if it was."""
    return workspace.with_name(f"{workspace.name}.ready")


def begun_at(workspace: Path, after: int | None = None) -> str | None:
    """The commit that a finished checkout began at; None when there is none, or only half of one, or one that is older
    than the merge of pull request `after`."""
    try:
        commit, _, merged = marker(workspace).read_text().strip().partition(" ")
    except FileNotFoundError:
        return None
    return commit if commit and workspace.is_dir() and (after is None or merged == str(after)) else None


async def make_checkout(
    mirror: Path, branch: DefaultBranch, workspace: Path, origin: str, after: int | None = None
) -> None:
    """Clone the mirror by copying, and let it appear under its name only when it is complete.

    The caller holds the workspace's lock, and the mirror's, so that no repack removes files under the copy.

    Raises:
        GitFailed, TimeoutError
    """
    partial = workspace.with_name(f"{workspace.name}.partial")
    await asyncio.to_thread(_clear, workspace, partial)
    # `--no-hardlinks`: an inode that the sandbox can write must not be the mirror's. `--template=`: no foreign hooks.
    copied = ("--no-hardlinks", "--no-checkout", "--template=", "--origin=origin", "--quiet")
    await Git(workspace.parent, ("file",))("clone", *copied, str(mirror), str(partial), deadline=CLONE_DEADLINE)
    git = Git(partial)
    await git("remote", "set-url", "origin", origin)
    await git("checkout", "--quiet", "-B", branch.name, branch.commit, deadline=CLONE_DEADLINE)
    await git("config", f"branch.{branch.name}.remote", "origin")
    await git("config", f"branch.{branch.name}.merge", f"refs/heads/{branch.name}")
    await asyncio.to_thread(_finish, workspace, partial, branch.commit if after is None else f"{branch.commit} {after}")


def _clear(workspace: Path, partial: Path) -> None:
    marker(workspace).unlink(missing_ok=True)
    for folder in (workspace, partial):
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)


def _finish(workspace: Path, partial: Path, mark: str) -> None:
    partial.rename(workspace)
    # After a power cut a marker must not stand beside a checkout whose files never reached the disk.
    os.sync()
    with marker(workspace).open("w") as file:
        file.write(f"{mark}\n")
        file.flush()
        os.fsync(file.fileno())

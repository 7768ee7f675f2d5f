"""Mirrors as a sandbox host leaves them on its machine, without a host."""

from collections.abc import Mapping
from pathlib import Path

from airut.demo.repositories import commit_files, git


def as_fetched(state: Path, files: Mapping[str, str], repo: str = "web", branch: str = "trunk") -> str:
    """A mirror whose default branch has these files; its commit."""
    mirror = state / "mirrors" / f"{repo}.git"
    mirror.mkdir(parents=True, exist_ok=True)
    git(mirror, "init", "--quiet", "--bare", f"--initial-branch={branch}", str(mirror))
    return commit_files(mirror, branch, files, "Policy")

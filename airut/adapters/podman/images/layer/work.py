"""What was done in /workspace: a bundle of the new commits, and one of what was not committed. Prints one JSON object.

Run by the entrypoint after the command has ended, as the agent's user: git is never run on a workspace outside.
"""

# ruff: noqa: PTH105, PTH107, PTH110, PTH118
# `pathlib` costs ten milliseconds of every start.
from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys

GIT = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-C", "/workspace"]
GIT_WAIT = 120.0
CHANGES = "refs/airut/uncommitted"
"""Only in the bundle."""
CHANGES_MOST = 20 * 1024**2
"""Bytes. It is made while a stopped agent's seconds run out, and what is larger was mostly built or downloaded."""
AUTHOR = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
          for what, value in (("NAME", "Airut"), ("EMAIL", "airut@localhost"))}  # fmt: skip


def git(*arguments: str, **environment: str) -> bytes:
    """Raises OSError or subprocess.SubprocessError."""
    return subprocess.run(
        [*GIT, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=GIT_WAIT,
        check=True,
    ).stdout


def bundle(out: str, name: str, *revisions: str) -> None:
    file = os.path.join(out, name)
    git("bundle", "create", "--quiet", file + ".new", *revisions)
    os.replace(file + ".new", file)


def save_changes(out: str) -> None:
    """What is not committed as one commit on HEAD, in a bundle. The agent's index, branch, files stay as they are."""
    files = git("ls-files", "-z", "--modified", "--others", "--exclude-standard").split(b"\0")
    paths = [os.path.join(b"/workspace", name) for name in files if name]
    if sum(os.lstat(path).st_size for path in paths if os.path.lexists(path)) > CHANGES_MOST:
        return
    index = os.path.join(out, "index")  # a copy knows what has not changed, and is not looked at by the agent's git
    used = os.path.join(b"/workspace", git("rev-parse", "--git-path", "index").strip())
    try:
        if os.path.exists(used):
            shutil.copy(used, index.encode())
        git("add", "--all", GIT_INDEX_FILE=index)
        tree = git("write-tree", GIT_INDEX_FILE=index).strip().decode()
        commit = git("commit-tree", tree, "-p", "HEAD", "-m", "Not committed", **AUTHOR).strip().decode()
        git("update-ref", CHANGES, commit)
        bundle(out, "changes.bundle", CHANGES, "^HEAD")
        git("update-ref", "-d", CHANGES)
    finally:
        if os.path.exists(index):
            os.remove(index)


def look(out: str, base: str) -> dict[str, object]:
    found: dict[str, object] = {}
    try:
        found["uncommitted"] = git("status", "--porcelain=v1", "-z", "--no-renames").count(b"\0")
        if base and int(git("rev-list", "--count", base + "..HEAD")):
            bundle(out, "work.bundle", base + "..HEAD")
            found["bundle"] = True
    except subprocess.CalledProcessError as error:
        found["work_error"] = error.stderr.decode(errors="replace")[-2000:]
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        found["work_error"] = str(error)
    if found.get("uncommitted"):
        # They are in the workspace; what cannot be kept besides must not keep commits from being published.
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            save_changes(out)
    return found


if __name__ == "__main__":
    print(json.dumps(look(*sys.argv[1:])))

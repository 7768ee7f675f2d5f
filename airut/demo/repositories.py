"""Bare repositories made and changed by git itself, without a checkout: what the git server and the forge both show."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

AUTHOR = "Octavia Cat <octavia@example.com>"
# Nobody's configuration but the repository's own: a stand-in behaves the same on every machine.
GIT_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Octavia Cat",
    "GIT_AUTHOR_EMAIL": "octavia@example.com",
    "GIT_COMMITTER_NAME": "Octavia Cat",
    "GIT_COMMITTER_EMAIL": "octavia@example.com",
}
# The two things that a forge's git does and a plain one does not: partial clones, and protected branches.
UPDATE_HOOK = """#!/bin/sh
if grep -qxF "$1" "$GIT_DIR/protected-refs" 2>/dev/null; then
    echo "error: GH006: Protected branch update failed for $1." >&2
    exit 1
fi
"""


class GitFailed(Exception):
    """git said no: its words."""


def git(repository: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Output of git run in a bare repository, without the last newline.

    Raises:
        GitFailed
    """
    command = ["git", f"--git-dir={repository}", *arguments]
    run = subprocess.run(command, input=stdin, capture_output=True, env=GIT_ENVIRONMENT, check=False)
    if run.returncode:
        raise GitFailed(f"git {' '.join(arguments)}: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout.decode(errors="replace").removesuffix("\n")


def seed_repository(
    folder: Path, files: Mapping[str, str | bytes], name: str = "acme/web", branch: str = "main"
) -> Path:
    """Make `folder/name.git` with one commit of `files` on its default branch, and return its path.
    A repository that is there already is left as it is."""
    repository = folder / f"{name}.git"
    if (repository / "HEAD").exists():
        return repository
    repository.mkdir(parents=True, exist_ok=True)
    git(repository, "init", "--quiet", "--bare", f"--initial-branch={branch}", str(repository))
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(repository, "config", "http.receivepack", "true")
    hook = repository / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(UPDATE_HOOK)
    hook.chmod(0o755)
    commit_files(repository, branch, files, "Initial commit")
    return repository


def commit_files(
    repository: Path, branch: str, files: Mapping[str, str | bytes], message: str, base: str | None = None
) -> str:
    """Commit `files` on `branch` (which starts at `base` if it is new) as a person would have pushed it; the commit."""
    ref = f"refs/heads/{branch}"
    parent = resolve(repository, ref) or (resolve(repository, base) if base else None)
    text = message.encode()
    stream = [f"commit {ref}\ncommitter {AUTHOR} now\ndata {len(text)}\n".encode(), text, b"\n"]
    if parent:
        stream.append(f"from {parent}\n".encode())
    for path, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        stream += [f"M 100644 inline {path}\ndata {len(data)}\n".encode(), data, b"\n"]
    git(repository, "fast-import", "--quiet", "--date-format=now", stdin=b"".join(stream))
    return git(repository, "rev-parse", ref)


def resolve(repository: Path, revision: str) -> str | None:
    """The commit that a revision names, None when there is none."""
    try:
        return git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except GitFailed:
        return None


def protect(repository: Path, branch: str) -> None:
    """Refuse every push to `branch` from now on, as a protected branch does."""
    with (repository / "protected-refs").open("a") as file:
        file.write(f"refs/heads/{branch}\n")


def default_branch(repository: Path) -> str:
    return git(repository, "symbolic-ref", "--short", "HEAD")


def read_file(repository: Path, revision: str, path: str) -> str:
    """The text of a file in a commit.

    Raises:
        GitFailed: no such file or revision.
    """
    return git(repository, "show", f"{revision}:{path}")

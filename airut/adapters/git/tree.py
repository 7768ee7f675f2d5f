"""Reading a folder of a commit from the mirror: this is where the policy comes from (spec: sandbox, credentials)."""

import posixpath
import re
from dataclasses import dataclass

from airut.adapters.git.process import Git
from airut.errors import GitError
from airut.models.hosts.workspace import TreeFile

MAX_TREE = 64 * 1024**2
_LINK = 0o120000
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class _Entry:
    mode: int
    digest: str
    size: int
    path: str


async def read_tree(git: Git, commit: str, path: str) -> tuple[TreeFile, ...]:
    """All files at or below `path`, with paths relative to it (a file asked for by itself has its name). A symbolic
    link comes as a file of mode 120000 whose content is its target; submodules are left out.

    Raises:
        GitError: a link leads out of the tree, or the tree is too large.
        GitFailed: no such commit.
    """
    path = path.strip("/")
    if not _COMMIT.fullmatch(commit) or ".." in path.split("/"):
        raise GitError(f"no such tree: {commit}:{path}")
    entries = _parse(await git("ls-tree", "-r", "-z", "--long", "--full-tree", commit, *(["--", path] if path else [])))
    if sum(entry.size for entry in entries) > MAX_TREE:
        raise GitError(f"{path or 'the tree'} has more than {MAX_TREE // 1024**2} MiB")
    files = []
    for entry, content in zip(entries, await _contents(git, entries), strict=True):
        if entry.mode == _LINK:
            _check_link(path, entry.path, content.decode("utf-8", "replace"))
        relative = posixpath.basename(entry.path) if entry.path == path else entry.path.removeprefix(f"{path}/")
        files.append(TreeFile(path=relative, mode=entry.mode, content=content))
    return tuple(files)


def _parse(listing: bytes) -> list[_Entry]:
    entries = []
    for line in listing.split(b"\0"):
        about, tab, name = line.partition(b"\t")
        if tab:
            mode, kind, digest, size = about.decode().split()
            if kind == "blob":
                entries.append(_Entry(int(mode, 8), digest, int(size), name.decode("utf-8", "surrogateescape")))
    return entries


async def _contents(git: Git, entries: list[_Entry]) -> list[bytes]:
    if not entries:
        return []
    answer = await git("cat-file", "--batch", stdin="".join(f"{entry.digest}\n" for entry in entries).encode())
    contents, start = [], 0
    for entry in entries:
        start = answer.index(b"\n", start) + 1
        contents.append(answer[start : start + entry.size])
        start += entry.size + 1
    return contents


def _check_link(root: str, path: str, target: str) -> None:
    """A link must end inside the tree that was asked for, since only that much was looked at and will be copied."""
    end = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    inside = not target.startswith("/") and not end.startswith("../") and end != ".."
    if not inside or (root and end != root and not end.startswith(f"{root}/")):
        raise GitError(f"the symbolic link {path} leads out of {root or 'the repository'}")

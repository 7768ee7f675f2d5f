"""Looking at new commits before they may leave (spec: operations §9): sizes, secrets, submodules, flagged paths."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from airut.adapters.git.process import Git, GitFailed
from airut.adapters.git.quarantine import refusing
from airut.adapters.git.rules import check_submodules, flagged, holds_secret, needles, submodule_urls
from airut.errors import BundleRefused

MAX_UNFOLDED = 2 * 1024**3
"""Bytes of all new objects: 200 MiB of honest content do not unfold to more."""
MAX_OBJECTS = 500_000
MERGE_DEADLINE = 60.0
"""Seconds: a merge of hostile trees may search for renames without end, and nothing depends on it."""

_CHUNK = 32 * 1024**2
_CHUNK_OBJECTS = 5000
_SUBJECT = 200


@dataclass(frozen=True)
class NewCommits:
    """What `tip` adds to `known` (commits that are on the remote already, or were when the thread began)."""

    git: Git
    tip: str
    known: tuple[str, ...]

    @property
    def _range(self) -> tuple[str, ...]:
        return (self.tip, "--not", *self.known)

    async def count(self) -> int:
        with refusing("the history cannot be walked"):
            return int(await self.git.line("rev-list", "--count", *self._range))

    async def check(self, max_file: int, secrets: Sequence[bytes], remote_url: str) -> None:
        """
        Raises:
            BundleRefused: says which check failed.
        """
        with refusing("the new objects cannot be read"):
            objects = await self._objects()
            _check_sizes(objects, max_file)
            await self._check_secrets(objects, needles(secrets))
            await self._check_submodules(remote_url)

    async def _objects(self) -> list["_Object"]:
        """All new objects with their sizes. Walking them proves that none is missing."""
        listing = await self.git("rev-list", "--objects", *self._range)
        names: dict[bytes, bytes] = {}
        for line in listing.splitlines():
            digest, _, path = line.partition(b" ")
            names[digest] = path
        if len(names) > MAX_OBJECTS:
            raise BundleRefused(f"{len(names)} new objects are more than {MAX_OBJECTS}")
        question = b"".join(digest + b"\n" for digest in names)
        answer = await self.git("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=question)
        objects = []
        for line in answer.splitlines():
            digest, kind, size = line.split()
            objects.append(_Object(digest, kind.decode(), int(size), names[digest].decode("utf-8", "replace")))
        return objects

    async def _check_secrets(self, objects: Sequence["_Object"], values: tuple[bytes, ...]) -> None:
        if not values:
            return
        async for found in self._contents(objects):
            # In a thread: a search through megabytes would hold up heartbeats.
            if await asyncio.to_thread(holds_secret, found.content, values):
                raise BundleRefused(f"a known credential stands in {found.object.said}; take it out of the history")

    async def _contents(self, objects: Sequence["_Object"]) -> AsyncIterator["_Content"]:
        for chunk in _chunks(objects):
            question = b"".join(one.digest + b"\n" for one in chunk)
            answer = await self.git("cat-file", "--batch", "--buffer", stdin=question)
            start = 0
            for one in chunk:
                start = answer.index(b"\n", start) + 1
                yield _Content(one, answer[start : start + one.size])
                start += one.size + 1

    async def _check_submodules(self, remote_url: str) -> None:
        """Every version of `.gitmodules` in the new commits; URLs that the known history has are not the thread's."""
        commits = (await self.git("rev-list", *self._range)).decode().split()
        known: set[str] = set()
        for digest in await self._gitmodules(self.known):
            known |= set(await self._urls(digest))
        for digest in await self._gitmodules(commits):
            check_submodules(sorted(set(await self._urls(digest)) - known), remote_url)

    async def _gitmodules(self, commits: Sequence[str]) -> list[str]:
        question = "".join(f"{commit}:.gitmodules\n" for commit in commits).encode()
        answer = await self.git("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=question)
        lines = answer.decode("utf-8", "replace").splitlines()
        return sorted({line.split()[0] for line in lines if line.endswith(" blob")})

    async def _urls(self, digest: str) -> tuple[str, ...]:
        try:
            return submodule_urls(await self.git("config", f"--blob={digest}", "--list", "-z"))
        except GitFailed as error:
            raise BundleRefused(".gitmodules cannot be read as a git configuration") from error

    async def subject(self) -> str:
        line = await self.git.line("log", "-1", "--no-show-signature", "--format=%s", self.tip)
        return "".join(c for c in line if c.isprintable())[:_SUBJECT]

    async def conflicts(self, default_commit: str) -> tuple[str, ...]:
        """Files that do not merge with the default branch. Only told, so a merge that cannot be tried has none."""
        command = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", default_commit, self.tip)
        try:
            await self.git(*command, deadline=MERGE_DEADLINE)
        except GitFailed as error:
            if error.code != 1:
                return ()
            names = error.stdout.split(b"\0")[1:]
            return tuple(dict.fromkeys(name.decode("utf-8", "replace") for name in names if name))
        except TimeoutError:
            return ()
        return ()

    async def changes(self, default_commit: str, container: str) -> tuple[str, tuple[str, ...]]:
        """Diffstat and flagged paths against the point where the history left the default branch."""
        fork = await self.git.line("merge-base", default_commit, self.tip)
        paths = await self.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", fork, self.tip)
        changed = [path.decode("utf-8", "replace") for path in paths.split(b"\0") if path]
        plain = ("--no-ext-diff", "--no-textconv", "--no-color")
        stat = await self.git("diff", "--stat=100", "--stat-count=40", *plain, fork, self.tip)
        return stat.decode("utf-8", "replace"), flagged(changed, container)


@dataclass(frozen=True)
class _Object:
    digest: bytes
    kind: str
    size: int
    path: str

    @property
    def said(self) -> str:
        name = "".join(c for c in self.path if c.isprintable())[:200]
        return f"the file {name}" if self.kind == "blob" else f"{self.kind} {self.digest.decode()[:12]}"


@dataclass(frozen=True)
class _Content:
    object: _Object
    content: bytes


def _check_sizes(objects: Sequence[_Object], max_file: int) -> None:
    for one in objects:
        if one.kind == "blob" and one.size > max_file:
            raise BundleRefused(f"{one.said} has {one.size} bytes, more than forge.max_file ({max_file})")
    if (total := sum(one.size for one in objects)) > MAX_UNFOLDED:
        raise BundleRefused(f"the new objects unfold to {total} bytes, more than {MAX_UNFOLDED // 1024**3} GiB")


def _chunks(objects: Sequence[_Object]) -> list[list[_Object]]:
    """Groups small enough to be held in memory; an object is at most `max_file` large by now, or a tree or commit."""
    chunks: list[list[_Object]] = [[]]
    room = _CHUNK
    for one in objects:
        if chunks[-1] and (one.size > room or len(chunks[-1]) >= _CHUNK_OBJECTS):
            chunks.append([])
            room = _CHUNK
        chunks[-1].append(one)
        room -= one.size
    return [chunk for chunk in chunks if chunk]

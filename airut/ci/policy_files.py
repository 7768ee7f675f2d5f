"""Where the files below `.airut/` are read from: the working tree, or a commit that whoever wrote the working tree has
no part in."""

import os
import shutil
import stat
from pathlib import Path
from typing import Protocol

from airut.adapters.git.process import Git, GitFailed
from airut.errors import ConfigError
from airut.models.base import Model

ROOT = ".airut"
LARGEST = 64 * 1024**2  # bytes in all: what an image may be built from
FILE, PROGRAM, LINK = "100644", "100755", "120000"


class PolicyFiles(Protocol):
    """Paths are relative to the repository."""

    name: str
    """What errors put before a file's path; empty for the working tree."""

    async def text(self, path: str) -> str | None:
        """None where there is no such file. Raises: ConfigError"""
        ...

    async def folder(self, path: str) -> Path | None:
        """A folder on this host with what it holds; None where there is none. Raises: ConfigError"""
        ...


class WorkingTree:
    """Implements `PolicyFiles`: as the files lie there."""

    name = ""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def text(self, path: str) -> str | None:
        return read_text(self._root / path, path)

    async def folder(self, path: str) -> Path | None:
        found = self._root / path
        return found if found.is_dir() else None


def policy_files(root: Path, ref: str | None, scratch: Path) -> PolicyFiles:
    """As the working tree has them; with a `ref`, as that commit has. `scratch` is a folder of the caller's own, which
    need not be there yet."""
    return WorkingTree(root) if ref is None else Commit(root, ref, scratch)


class Blob(Model):
    mode: str
    id: str
    size: int


class Commit:
    """Implements `PolicyFiles`: as a commit has them. The repository's own configuration could name programs to run;
    git reads its objects from a repository of ours that has none, and may use no transport."""

    def __init__(self, root: Path, ref: str, scratch: Path) -> None:
        """`scratch` is a folder of the run's own, which need not be there yet."""
        self.name = f"{ref}:"
        self._root = root
        self._ref = ref
        self._scratch = scratch
        self._files: dict[str, Blob] | None = None
        self._commit: str | None = None
        self._git: Git | None = None

    async def text(self, path: str) -> str | None:
        blob = (await self.files()).get(path)
        if blob is None:
            return None
        if blob.mode == LINK:
            raise ConfigError(f"{self.name}{path} is a link; let it be a file")
        return (await self._content(blob)).decode(errors="replace")

    async def folder(self, path: str) -> Path | None:
        below = await self._listed(path)
        if not below or path in below:
            return None
        if sum(blob.size for blob in below.values()) > LARGEST:
            raise ConfigError(f"{self.name}{path} is larger than {LARGEST // 1024**2} MiB")
        target = self._scratch / "tree"
        shutil.rmtree(target, ignore_errors=True)
        # Links last: nothing can be written through one that way.
        for name, blob in sorted(below.items(), key=lambda item: item[1].mode == LINK):
            place = target / name
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = await self._content(blob)
            if blob.mode == LINK:
                place.symlink_to(os.fsdecode(content))
            else:
                descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                place.chmod(0o755 if blob.mode == PROGRAM else 0o644)
        return target / path

    async def files(self) -> dict[str, Blob]:
        """All below `.airut/`, by path. Raises: ConfigError"""
        if self._files is None:
            self._files = await self._listed(ROOT)
        return self._files

    async def differing(self) -> tuple[str, ...]:
        """The files below `.airut/` that the working tree has otherwise, or that only one of them has."""
        files = await self.files()
        here = {str(path.relative_to(self._root)) for path in (self._root / ROOT).rglob("*") if not path.is_dir()}
        return tuple([path for path in sorted(here | files.keys()) if not await self._is_same(path, files.get(path))])

    async def _is_same(self, path: str, blob: Blob | None) -> bool:
        place = self._root / path
        try:
            mode = place.lstat().st_mode
            if blob is None or stat.S_ISLNK(mode) != (blob.mode == LINK):
                return False
            content = await self._content(blob)
            if stat.S_ISLNK(mode):
                return os.fsencode(place.readlink()) == content
            return stat.S_ISREG(mode) and place.stat().st_size == len(content) and place.read_bytes() == content
        except OSError:
            return False

    async def _listed(self, below: str) -> dict[str, Blob]:
        if self._commit is None:
            self._commit = await self._open()
        listed = await self._run("ls-tree", "-r", "-l", "-z", "--full-tree", self._commit, "--", below)
        found: dict[str, Blob] = {}
        for line in listed.decode(errors="surrogateescape").split("\0"):
            head, _, path = line.partition("\t")
            if not path:
                continue
            mode, kind, blob, size = head.split()
            if kind != "blob":
                raise ConfigError(f"{self.name}{path} is a submodule; none is read")
            if any(part in ("", ".", "..") for part in path.split("/")):
                raise ConfigError(f"{self.name} holds a path that is none: {path!r}")
            found[path] = Blob(mode=mode, id=blob, size=int(size))
        return found

    async def _open(self) -> str:
        """The commit's id; from now on its objects can be read."""
        theirs = Git(self._root)
        try:
            commit = await theirs.line(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{self._ref}^{{commit}}"
            )
            objects = (self._root / await theirs.line("rev-parse", "--git-path", "objects")).resolve()
        except GitFailed as error:
            said = error.stderr.strip().splitlines()
            raise ConfigError(
                f"--policy-ref: there is no commit {self._ref} here"
                + (f" ({said[-1]})" if said else "")
                + "; a checkout of only the newest commit lacks others (fetch-depth: 0)"
            ) from error
        own = self._scratch / "objects.git"
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._git = Git(own)
        await self._run("init", "--quiet", "--bare", "--template=")
        (own / "objects" / "info").mkdir(exist_ok=True)
        (own / "objects" / "info" / "alternates").write_text(f"{objects}\n")
        return commit

    async def _content(self, blob: Blob) -> bytes:
        if blob.size > LARGEST:
            raise ConfigError(f"{self.name} holds a file of more than {LARGEST // 1024**2} MiB")
        return await self._run("cat-file", "blob", blob.id)

    async def _run(self, *arguments: str) -> bytes:
        assert self._git is not None
        try:
            return await self._git(*arguments)
        except GitFailed as error:
            raise ConfigError(f"--policy-ref: {self._ref} cannot be read: {error.stderr.strip()}") from error


def read_text(path: Path, named: str) -> str | None:
    """A regular file's text, None where there is none. Raises: ConfigError"""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigError(f"{named} is no regular file")
            return file.read(LARGEST).decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{named}: {error.strerror}") from error


def changed(before: dict[str, Blob], after: dict[str, Blob]) -> tuple[str, ...]:
    """The files that are not the same in two commits."""
    shared = before.keys() | after.keys()
    return tuple(sorted(path for path in shared if before.get(path) != after.get(path)))

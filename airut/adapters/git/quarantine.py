"""A bare repository for one bundle: it borrows the mirror's objects and takes the hostile ones with it when it goes."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from airut.adapters.git.bundle import Bundle
from airut.adapters.git.process import Bounds, Git, GitFailed
from airut.errors import BundleRefused, NoSpace

UNPACK_DEADLINE = 180.0
"""Seconds for indexing at most 200 MiB; more is a pack made to take time."""

# Deltas and zlib can make a small pack unfold without end. Both limits leave room for an honest pack of full size.
_BOUNDS = Bounds(memory=4 * 1024**3, file=1024**3)
_SHOWN = 300


@asynccontextmanager
async def quarantine(mirror: Path, folder: Path) -> AsyncIterator[Git]:
    """Make `folder` such a repository, and remove it at the end; a forgotten one of a killed process goes first.

    Nothing that enters here can reach the mirror, so a refused bundle leaves no trace in any thread's checkout.
    """
    await asyncio.to_thread(_emptied, folder)
    git = Git(folder)
    try:
        await git("init", "--quiet", "--bare", "--template=", str(folder))
        await asyncio.to_thread(_borrow, folder / "objects", mirror / "objects")
        yield git
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _borrow(objects: Path, lender: Path) -> None:
    """gitrepository-layout(5): objects/info/alternates."""
    (objects / "info").mkdir(exist_ok=True)
    (objects / "info" / "alternates").write_text(f"{lender}\n")


async def unpack(git: Git, bundle: Bundle) -> None:
    """Index the pack as git-receive-pack does with `transfer.fsckObjects`: every object checked, no link dangling.

    Raises:
        BundleRefused: git finds fault with it, or it takes more memory, space or time than an honest one.
        NoSpace: this host's disk is full.
    """
    await _check_prerequisites(git, bundle)
    size = len(bundle.pack) + 1024
    with refusing("git refuses the commits"):
        await git(
            *("index-pack", "--stdin", "--fix-thin", "--strict", "--threads=1", f"--max-input-size={size}"),
            stdin=bundle.pack,
            deadline=UNPACK_DEADLINE,
            bounds=_BOUNDS,
        )
        kind = await git.line("cat-file", "-t", bundle.tip)
    if kind != "commit":
        raise BundleRefused(f"the bundle leads to a {kind}, not to a commit")


@contextlib.contextmanager
def refusing(doing: str) -> Iterator[None]:
    """Make git's failures with hostile objects a refusal."""
    try:
        yield
    except TimeoutError as error:
        raise BundleRefused(f"{doing}: it took too long") from error
    except GitFailed as error:
        if "No space left on device" in error.stderr:
            raise NoSpace("no space left on this host to unpack a bundle") from error
        said = " ".join(error.stderr.split())[:_SHOWN] or f"status {error.code}"
        raise BundleRefused(f"{doing}: {said}") from error


async def _check_prerequisites(git: Git, bundle: Bundle) -> None:
    if not bundle.prerequisites:
        return
    question = "".join(f"{commit}\n" for commit in bundle.prerequisites).encode()
    answers = (await git("cat-file", "--batch-check=%(objecttype)", stdin=question)).decode().splitlines()
    if any(answer != "commit" for answer in answers):
        raise BundleRefused("the bundle stands on commits that the repository does not have")

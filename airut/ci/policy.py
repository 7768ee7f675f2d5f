"""What decides about a run: `.airut/` as it lies in the working tree, or as a commit has it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from airut.ci.committed import FOLDER, committed, laid_out
from airut.models.hosts.build import CONTAINER
from airut.models.hosts.sandbox import ALLOWLIST_FILE
from airut.models.hosts.workspace import TreeFile


@dataclass(frozen=True)
class Policy:
    """`changes` are the files below `.airut/` that the head has otherwise than the commit that decides."""

    allowlist: str | None
    container: Path | None
    changes: tuple[str, ...] = ()


@asynccontextmanager
async def policy(checkout: Path, ref: str | None, head: str | None) -> AsyncIterator[Policy]:
    """Raises: GitError: there is no such commit."""
    if ref is None:
        container, file = checkout / CONTAINER, checkout / ALLOWLIST_FILE
        yield Policy(
            allowlist=file.read_text(errors="replace") if file.is_file() else None,
            container=container if container.is_dir() else None,
        )
        return
    files = await committed(checkout, ref)
    changes = changed(files, await committed(checkout, head)) if head else ()
    with laid_out(files, PurePosixPath(CONTAINER).name) as folder:
        yield Policy(allowlist=_text(files, PurePosixPath(ALLOWLIST_FILE).name), container=folder, changes=changes)


def changed(base: tuple[TreeFile, ...], head: tuple[TreeFile, ...]) -> tuple[str, ...]:
    """Files that are new, gone or others."""
    before, after = {file.path: file for file in base}, {file.path: file for file in head}
    return tuple(f"{FOLDER}/{path}" for path in sorted({*before, *after}) if before.get(path) != after.get(path))


def _text(files: tuple[TreeFile, ...], name: str) -> str | None:
    return next((file.content.decode(errors="replace") for file in files if file.path == name), None)

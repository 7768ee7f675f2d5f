"""`.airut/` as a commit has it, and not as it lies in the working tree: what a pull request changes has no say."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from airut.adapters.git.process import Git, GitFailed
from airut.adapters.git.tree import read_tree
from airut.errors import GitError
from airut.models.hosts.workspace import TreeFile

FOLDER = ".airut"
LINK = 0o120000  # git's mode of a symbolic link


async def commit_of(checkout: Path, ref: str) -> str:
    """The full name of the commit that a ref, a branch or a short name stands for.

    Raises:
        GitError: there is none, or no repository.
    """
    try:
        return await Git(checkout).line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except GitFailed as error:
        raise GitError(f"--policy-ref {ref}: there is no such commit in {checkout}; fetch it first") from error


async def committed(checkout: Path, ref: str) -> tuple[TreeFile, ...]:
    """Its files, with paths relative to `.airut`. No program that the repository names is run.

    Raises:
        GitError: there is no such commit, or a link in the folder leads out of it.
    """
    return await read_tree(Git(checkout), await commit_of(checkout, ref), FOLDER)


@contextlib.contextmanager
def laid_out(files: tuple[TreeFile, ...], folder: str) -> Iterator[Path | None]:
    """What is below `.airut/<folder>` as files of ours for a while, with the modes that git knows; None where there is
    nothing."""
    found = [file for file in files if file.path.startswith(f"{folder}/")]
    if not found:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="airut-policy-") as name:
        for file in found:
            target = Path(name) / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.mode == LINK:
                target.symlink_to(file.content.decode(errors="surrogateescape"))
            else:
                target.write_bytes(file.content)
                target.chmod(0o755 if file.mode & 0o111 else 0o644)
        yield Path(name) / folder

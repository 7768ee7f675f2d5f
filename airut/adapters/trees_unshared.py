"""Agents' folders measured and removed with coreutils, inside this user's namespace of sub-users.

In there we own what a sandbox's other users made, and may look into what was closed to us. `du` and `rm` hold
descriptors, follow no links, and take trees of any depth; and they are ten times as fast as Python.
"""

import asyncio
import errno
import os
from pathlib import Path

from airut.errors import TreeNotRemoved, TreeTooLarge, TreeUnreadable

ENTER = ("podman", "unshare")
MEASURE = 45.0
"""Seconds; a tree is measured each minute, and one of five million files takes twenty."""
REMOVE = 9 * 60.0
"""Seconds, within the ten minutes of a clean-up's attempt; the next attempt goes on where this one ended."""
TOP_MOST = 10_000
"""Folders listed to find the largest."""


class UnsharedTrees:
    """Implements `airut.ports.trees.Trees`. `enter` goes before each command."""

    def __init__(self, enter: tuple[str, ...] = ENTER) -> None:
        self._enter = enter

    async def used(self, folders: tuple[Path, ...]) -> int:
        there = [str(folder) for folder in folders if os.path.lexists(folder)]
        if not there:
            return 0
        output, words = await self._run("du", "-sxc", "-B1", "--", *there, limit=MEASURE)
        return _bytes(output.splitlines()[-1:], words)[-1][1]

    async def largest(self, folder: Path, count: int) -> tuple[tuple[str, int], ...]:
        output, words = await self._run("du", "-x", "-d1", "-B1", "-0", "--", str(folder), limit=MEASURE)
        sizes = _bytes([line for line in output.split("\0") if line][:TOP_MOST], words)
        below = [(path.removeprefix(f"{folder}/"), size) for path, size in sizes if path != str(folder)]
        return tuple(sorted(below, key=lambda item: (-item[1], item[0]))[:count])

    async def remove(self, folder: Path) -> None:
        if not os.path.lexists(folder):
            return
        try:
            _, words = await self._run("rm", "-rf", "--one-file-system", "--", str(folder), limit=REMOVE)
        except TreeUnreadable as error:
            raise TreeNotRemoved(f"{folder} could not be removed: {error}") from error
        if os.path.lexists(folder):
            raise TreeNotRemoved(f"{folder} could not be removed: {words[:500]}")

    async def _run(self, *command: str, limit: float) -> tuple[str, str]:
        """Output and complaints, also of a command that failed in part. Raises: TreeUnreadable, TreeTooLarge"""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._enter,
                *command,
                cwd="/",
                env={**os.environ, "LC_ALL": "C"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            reason = "it is not installed" if error.errno == errno.ENOENT else error.strerror
            raise TreeUnreadable(f"{(*self._enter, *command)[0]} cannot be run: {reason}") from error
        try:
            output, words = await asyncio.wait_for(process.communicate(), limit)
        except BaseException as error:
            _end(process)
            await process.wait()
            if not isinstance(error, TimeoutError):
                raise
            raise TreeTooLarge(f"{command[0]} took more than {limit:.0f} s for {command[-1]}") from None
        return os.fsdecode(output), os.fsdecode(words)


def _bytes(lines: list[str], words: str) -> list[tuple[str, int]]:
    """Path and size of each line of `du`. Raises: TreeUnreadable"""
    found: list[tuple[str, int]] = []
    for line in lines:
        size, tab, path = line.partition("\t")
        if tab and size.isdigit():
            found.append((path, int(size)))
    if not found:
        raise TreeUnreadable(f"du did not measure: {words[:500]}")
    return found


def _end(process: asyncio.subprocess.Process) -> None:
    """With what it started: `podman unshare` is only the parent."""
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        return

"""Processes of the lab by what they are: it has a process namespace of its own, so that nothing else is ever met."""

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path

from airut.models.base import Model

ENGINE = frozenset({"podman", "conmon", "catatonit", "slirp4netns", "pasta", "pasta.avx2", "aardvark-dns"})
"""Programs that hold containers, their namespaces and networks; all gone after a reboot."""


class Process(Model):
    pid: int
    parent: int
    command: tuple[str, ...]

    @property
    def program(self) -> str:
        return Path(self.command[0]).name if self.command else ""


def everything() -> tuple[Process, ...]:
    """Whatever runs now."""
    found: list[Process] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # it has just ended
                command = (entry / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found.append(Process(pid=int(entry.name), parent=parent, command=tuple(command.split("\0"))))
    return tuple(found)


def below(pid: int) -> tuple[Process, ...]:
    """The children of a process, and theirs."""
    running, found = everything(), []
    parents = {pid}
    while parents:
        children = [process for process in running if process.parent in parents]
        found += children
        parents = {child.pid for child in children}
    return tuple(found)


def children(pid: int, word: str) -> tuple[int, ...]:
    """The direct children that have this word on their command line."""
    return tuple(process.pid for process in everything() if process.parent == pid and word in process.command)


def kill(pids: Iterable[int]) -> None:
    """kill -9, whether or not it is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)

"""What a running container holds of the host, as its control group says (cgroup v2)."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from airut.models.base import Model
from airut.models.telemetry.metrics import SANDBOX_CPU, SANDBOX_MEMORY
from airut.ports.telemetry import Telemetry

ROOT = Path("/sys/fs/cgroup")
GroupOf = Callable[[str], Awaitable[Path | None]]
"""Finds the control group of a container by its name."""

EVERY = 10.0
"""Seconds between two looks: a scrape comes every fifteen or so, and a look costs two small reads."""


class Held(Model):
    """Bytes now, and seconds of processor time since it began."""

    memory: float = 0.0
    cpu: float = 0.0


class Sampler:
    """Of one sandbox: what is told of it adds up over those that run. Where its group is not found, nothing is told."""

    def __init__(self, container: str, group_of: GroupOf | None, telemetry: Telemetry, host: str) -> None:
        self._container = container
        self._group_of = group_of
        self._telemetry = telemetry
        self._host = host
        self._group: Path | None = None
        self._searched = False
        self._told = Held()
        self._next = 0.0

    async def look(self) -> None:
        """At most every ten seconds."""
        if self._group_of is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        if not self._searched:
            self._searched = True
            self._group = await self._group_of(self._container)
        if self._group is not None:
            self._tell(held(self._group) or self._told)

    def close(self) -> None:
        """It holds nothing any more."""
        self._tell(self._told.model_copy(update={"memory": 0.0}))

    def _tell(self, now: Held) -> None:
        if now.memory != self._told.memory:
            self._telemetry.record(SANDBOX_MEMORY, now.memory - self._told.memory, host=self._host)
        if now.cpu > self._told.cpu:
            self._telemetry.record(SANDBOX_CPU, now.cpu - self._told.cpu, host=self._host)
        self._told = now


def held(group: Path) -> Held | None:
    """None where it is gone. A kernel that has handed the memory controller to somebody else says nothing of that."""
    try:
        fields = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
        memory = group / "memory.current"
        return Held(
            memory=float(memory.read_text()) if memory.exists() else 0.0, cpu=float(fields["usage_usec"]) / 1_000_000
        )
    except (OSError, ValueError, KeyError):
        return None


def container_group(pid: int) -> Path | None:
    """The group of a container, by a process in it; None where the process is gone, or in no container of Podman's."""
    try:
        return in_container(Path(f"/proc/{pid}/cgroup").read_text())
    except OSError:
        return None


def in_container(said: str) -> Path | None:
    """The same, by what the kernel says of the process (cgroups(7), `/proc/[pid]/cgroup`)."""
    path = next((line.removeprefix("0::") for line in said.splitlines() if line.startswith("0::")), "")
    parts = path.strip("/").split("/")
    depth = next((number for number, part in enumerate(parts, 1) if part.startswith("libpod-")), None)
    return ROOT.joinpath(*parts[:depth]) if depth is not None else None

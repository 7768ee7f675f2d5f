"""Who a sandbox belongs to: one process of this machine, told from every other one by when it was started."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from airut.models.base import Model

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Owner(Model):
    """`started` is in the kernel's ticks since `boot`; `namespace` is the one in which `pid` counts."""

    KIND: ClassVar[str] = "cli"

    pid: int
    started: str
    boot: str
    namespace: str

    @classmethod
    def myself(cls) -> Self:
        pid = os.getpid()
        return cls(pid=pid, started=started_at(pid) or "", boot=_boot(), namespace=_namespace())

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> Self | None:
        """The owner that a sandbox's labels name; None where they name none that is a process."""
        try:
            return cls(
                pid=int(labels["airut.pid"]),
                started=labels["airut.pid_started"],
                boot=labels["airut.boot"],
                namespace=labels["airut.pid_namespace"],
            )
        except (KeyError, ValueError):
            return None

    def labels(self) -> tuple[tuple[str, str], ...]:
        """As `airut.…` labels, without the prefix."""
        return (
            ("pid", str(self.pid)),
            ("pid_started", self.started),
            ("boot", self.boot),
            ("pid_namespace", self.namespace),
        )

    def is_gone(self) -> bool:
        """Whether it certainly runs no more, by process ids: they say nothing of one in another container."""
        if self.boot != _boot():
            return True
        return not self.is_of_another_container() and started_at(self.pid) != self.started

    def is_of_another_container(self) -> bool:
        return self.namespace != _namespace()


def started_at(pid: int) -> str | None:
    """proc(5), field 22 of `stat`; None where there is no such process, or only its exit status."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _boot() -> str:
    return BOOT_ID.read_text().strip()


def _namespace() -> str:
    return str(Path("/proc/self/ns/pid").readlink())

"""How much memory a host has left."""

from typing import Self

from airut.models.base import Model

LOW = 0.1
"""Of a host's memory. Below, the kernel takes files out of memory that are needed again, and everything becomes slow;
an agent that works may be the next to be killed for one that only waits."""


class HostMemory(Model):
    """In bytes. `available` is what can be had without swapping."""

    total: int
    available: int

    @classmethod
    def of(cls, meminfo: str) -> Self:
        """From the text of `/proc/meminfo`, proc(5). Raises: ValueError, KeyError: it is something else."""
        lines = (line.partition(":") for line in meminfo.splitlines())
        found = {name: rest.split() for name, _, rest in lines}
        return cls(total=int(found["MemTotal"][0]) * 1024, available=int(found["MemAvailable"][0]) * 1024)

    @property
    def is_low(self) -> bool:
        return self.available < LOW * self.total

    def in_words(self) -> str:
        return f"{self.available // 1024**2} of {self.total // 1024**2} MiB of memory are left"

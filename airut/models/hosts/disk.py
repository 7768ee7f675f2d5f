"""How much of the disk a thread has, and how that is said to people."""

from airut.models.base import Model

WARN = 0.9
"""Share of the limit at which the agent is told (spec: lifecycle §13)."""


class QuotaState(Model):
    """Bytes that workspace, storage and home of a thread take together. `limit` None is without one."""

    used: int = 0
    limit: int | None = None
    countless: bool = False
    """So many files that they could not even be counted, several times in a row."""

    @property
    def warn(self) -> bool:
        return self.full or (self.limit is not None and self.used >= WARN * self.limit)

    @property
    def full(self) -> bool:
        return self.limit is not None and (self.countless or self.used >= self.limit)

    def warning(self) -> str:
        """What the agent is told before it is too late."""
        return f"{self.told()}. At the limit you are ended: remove what you do not need, such as caches and builds."

    def told(self, largest: tuple[str, ...] = ()) -> str:
        """One sentence for the reply; `largest` as `Quota.largest` names them."""
        if self.countless:
            held = "more files than can be counted"
        else:
            of = f" of {gib(self.limit)}" if self.limit is not None else ""
            held = f"{gib(self.used)}{of}"
        biggest = f"; the largest folders are {', '.join(largest)}" if largest else ""
        return f"workspace, storage and home of this conversation hold {held} (limits.disk){biggest}"


def gib(size: int) -> str:
    """`1.5 GiB`, or in MiB below one."""
    return f"{size / 1024**3:.1f} GiB" if size >= 1024**3 else f"{size / 1024**2:.0f} MiB"

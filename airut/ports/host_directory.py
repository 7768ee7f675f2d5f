"""Sandbox hosts as a list shows them."""

from typing import Protocol

from airut.models.base import Model


class HostRow(Model):
    host: str
    drained: bool
    polled_s: float | None
    """Seconds since its worker last asked for work; None: not in the last minutes, so none is running."""
    pinned: int
    """Open threads whose workspace lies there."""
    running: int
    """Those of them with a task that is open and not paused."""

    @property
    def state(self) -> str:
        return "away" if self.polled_s is None else "drained" if self.drained else "serving"


class HostDirectory(Protocol):
    async def hosts(self) -> tuple[HostRow, ...]:
        """Every host that was ever seen, by name. Raises: DirectoryUnavailable, within three seconds."""
        ...

    async def control_polls(self) -> bool:
        """Whether a control worker has asked for work in the last minutes. Raises: as `hosts`."""
        ...

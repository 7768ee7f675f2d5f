"""How listeners and sandbox hosts fare: each process tells it, and the dashboard reads what all have told."""

from datetime import datetime, timedelta
from typing import Protocol

from airut.models.base import Model
from airut.models.hosts.image import BuiltImage

EVERY = timedelta(seconds=5)
"""Between two reports of a process: as soon as a person expects to see a change."""

SILENT = timedelta(seconds=30)
"""After this long without a report a process is not running, or its machine's clock is far off."""


class ChannelHealth(Model):
    repo: str
    channel: str
    """`email` or `slack`: the console has nothing that could fail."""
    state: str
    """`connecting`, `connected` or `degraded`."""
    since: datetime
    reason: str = ""
    next_try: datetime | None = None


class HostHealth(Model):
    host: str
    slots: int
    """Agents that it runs at once."""
    disk_free: int
    disk_total: int
    """Bytes of the file system that holds its state folder."""
    min_free: float
    """The share below which it takes no new tasks."""
    images: tuple[BuiltImage, ...] | None = None
    """The newest of each repository; None while it does not know."""

    @property
    def is_full(self) -> bool:
        return self.disk_free < self.min_free * self.disk_total


class HealthReport(Model):
    """What one process tells of itself."""

    process: str
    """Its role, and the host's name where there are several: `intake`, `host-box`."""
    at: datetime
    channels: tuple[ChannelHealth, ...] = ()
    host: HostHealth | None = None

    def is_silent(self, now: datetime) -> bool:
        return now - self.at > SILENT


class HealthBoard(Protocol):
    """A report counts until the next of the same process."""

    def put(self, report: HealthReport) -> None:
        """Raises: OSError: it cannot be kept."""
        ...

    def reports(self) -> tuple[HealthReport, ...]:
        """The last of every process, by its name; what another version has written and cannot be read is left out."""
        ...

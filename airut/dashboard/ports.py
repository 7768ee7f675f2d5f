"""What the pages are given. Constructed in `workers/dashboard_wiring.py`, and by tests."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from temporalio.converter import PayloadCodec

from airut.config.dashboard_settings import DashboardSettings
from airut.config.editing.configuration import ConfigurationFiles
from airut.config.generation_reports import ProcessReport
from airut.config.schema import Config
from airut.dashboard.answers import Answers
from airut.dashboard.attempts import Attempts
from airut.dashboard.glance import Glance
from airut.dashboard.kept import OLD
from airut.models.telemetry.audit import AuditEntry, AuditVerdict
from airut.models.threads.message import InboundMessage
from airut.ports.archives import Archives
from airut.ports.audit import AuditTrail
from airut.ports.blobs import BlobStore
from airut.ports.cost_records import CostRecords
from airut.ports.health import HealthBoard
from airut.ports.host_directory import HostDirectory
from airut.ports.last_fetched import LastFetched
from airut.ports.logins import Logins
from airut.ports.recordings import TaskOutput
from airut.ports.run_progress import RunProgressReader
from airut.ports.task_records import TaskRecords
from airut.ports.thread_control import ThreadControl
from airut.ports.thread_directory import ThreadDirectory
from airut.temporal.schedule_view import ScheduleRow


@dataclass(frozen=True)
class Ports:
    config: Callable[[], Config | None]
    """The configuration as it is now; None where there is none yet."""
    logins: Logins
    threads: ThreadDirectory
    control: ThreadControl
    deliver: Callable[[InboundMessage], Awaitable[None]]
    """Hands a message to its thread. Raises: DeliveryDeferred, DeliveryRefused"""
    trail: AuditTrail
    entries: Callable[[int | None], Iterator[AuditEntry]]
    """What this host's audit log holds, the newest first, from before a number on."""
    verdict: Callable[[], AuditVerdict]
    """Whether every entry of it is as it was written. Reads all of it: seconds for each gigabyte."""
    tasks: TaskRecords
    progress: RunProgressReader
    blobs: BlobStore
    archives: Archives
    output: Callable[[str, int], TaskOutput]
    """What lies on this host of a thread's task. Raises ValueError: the thread's id is none."""
    files: ConfigurationFiles
    """`airut.yaml` and `.env`, as the editor changes them."""
    fetched: LastFetched
    hosts: HostDirectory
    costs: CostRecords
    schedules: Callable[[str], Awaitable[Sequence[ScheduleRow]]]
    """Of a repository, as they stand on the server. Raises: DirectoryUnavailable, within three seconds."""
    health: HealthBoard
    generations: Callable[[], tuple[ProcessReport, ...]]
    """Which configuration each process of this machine runs by."""
    codec: PayloadCodec | None = None
    """What Temporal's values are encoded with, in `namespace`; None where there is no configuration."""
    namespace: str = ""
    attempts: Attempts = field(default_factory=Attempts)
    kept_s: float = OLD
    """Seconds for which whole pages show what is no longer new."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @cached_property
    def answers(self) -> Answers:
        """What open threads tell of themselves, for whoever looks."""
        return Answers(self.control, self.progress)

    @cached_property
    def glance(self) -> Glance:
        """Long lists, as whole pages show them."""
        return Glance(self.threads, self.hosts, self.kept_s)

    def settings(self) -> DashboardSettings:
        config = self.config()
        return config.dashboard if config is not None else DashboardSettings()

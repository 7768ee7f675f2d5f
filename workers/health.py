"""What a process tells of itself, for the dashboard."""

import asyncio
import logging
import platform
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from airut.models.credentials.redaction import Redactor
from airut.ports.health import EVERY, ChannelHealth, HealthBoard, HealthReport, HostHealth
from signals.status import ListenerStatus
from workers.wiring import Listening

log = logging.getLogger("airut")


@asynccontextmanager
async def telling(
    board: HealthBoard, look: Callable[[], HealthReport], every: float = EVERY.total_seconds()
) -> AsyncIterator[None]:
    """Meanwhile what `look` finds is put on the board. A board that takes nothing is in nobody's way."""

    async def tell() -> None:
        failed = False
        while True:
            try:
                await asyncio.to_thread(board.put, look())
                failed = False
            except OSError as error:
                if not failed:
                    log.warning("the dashboard cannot be told how this process fares: %s", error)
                failed = True
            await asyncio.sleep(every)

    task = asyncio.create_task(tell())
    try:
        yield
    finally:
        task.cancel()


def intake_report(
    statuses: Iterable[tuple[Listening, ListenerStatus]], redactor: Redactor, now: datetime
) -> HealthReport:
    """What an intake tells of its listeners. Reasons are other servers' words, so nothing secret is left in them."""
    channels = (
        ChannelHealth(
            repo=made.repo,
            channel=made.kind,
            state=str(status.state),
            since=status.since,
            reason=redactor.text(status.reason),
            next_try=status.next_try,
        )
        for made, status in statuses
    )
    return HealthReport(process=f"intake-{platform.node() or 'host'}", at=now, channels=tuple(channels))


def host_health(host: str, slots: int, state: Path, min_free: float) -> HostHealth:
    """
    Raises:
        OSError: the disk cannot be asked.
    """
    usage = shutil.disk_usage(state)
    return HostHealth(host=host, slots=slots, disk_free=usage.free, disk_total=usage.total, min_free=min_free)

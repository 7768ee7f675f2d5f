"""Waiting for a host to be short of memory, while agents stand frozen there.

That it has memory is a failure that Temporal tries again a little later: so a freeze is watched without a process, a
timer or an event in a history that waits for it, and goes on being watched by the host's next worker.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from airut.models.hosts.memory import HostMemory

EVERY = timedelta(seconds=15)
"""A build that fills a machine takes about a minute; and a hundred frozen agents ask seven times a second."""
ENOUGH = "EnoughMemory"


class MemoryWatch:
    def __init__(self, meminfo: Path = Path("/proc/meminfo")) -> None:
        self._meminfo = meminfo

    @activity.defn
    async def wait_for_low_memory(self) -> str:
        """Raises: ApplicationError: there is enough."""
        memory = HostMemory.of(await asyncio.to_thread(self._meminfo.read_text))
        if memory.is_low:
            return memory.in_words()
        raise ApplicationError(
            memory.in_words(),
            type=ENOUGH,
            next_retry_delay=EVERY,
            category=ApplicationErrorCategory.BENIGN,  # neither a warning in the log nor a failure in metrics
        )

"""What Temporal knows of threads and tasks: whoever removes something asks here first."""

from datetime import datetime
from typing import Protocol

from airut.models.hosts.sweep import Standing


class Census(Protocol):
    async def standing(self, workflow: str) -> Standing:
        """Of a thread or task, by its workflow id; of its newest run.

        Raises:
            CensusUnavailable: nobody can say. Nothing may follow from that.
        """
        ...

    async def idle_since(self, thread: str) -> datetime | None:
        """Since when a thread waits for its next message; None when it does anything else, or is over.

        Raises:
            CensusUnavailable
        """
        ...

"""What running agents tell of themselves, read without a trace in any history."""

from typing import Protocol

from airut.models.tasks.progress import RunProgress


class RunProgressReader(Protocol):
    async def of(self, task: str) -> RunProgress | None:
        """What the agent of the task with this id has told last, some seconds ago at most. None: no agent runs.

        Raises:
            CensusUnavailable: nobody can say.
        """
        ...

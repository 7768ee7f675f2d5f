"""Whether a sandbox host takes one more thread."""

from collections.abc import Callable

from temporalio import activity
from temporalio.exceptions import ApplicationError

from airut.models.steps import HostResult

NO_ROOM = "NoRoom"
"""A failure's type; it is retried until there is room, here or on another host."""


class Claims:
    def __init__(self, host: str, has_room: Callable[[], bool]) -> None:
        self._host = host
        self._has_room = has_room

    @activity.defn
    async def claim_host(self) -> HostResult:
        if not self._has_room():
            raise ApplicationError(
                f"no space on {self._host}: less of its disk is free than disk.min_free; new tasks wait until there is",
                type=NO_ROOM,
            )
        return HostResult(host=self._host)

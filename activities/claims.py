"""Whether a sandbox host takes one more thread."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from airut.models.tasks.steps import HostResult

NO_ROOM = "NoRoom"
"""A failure's type; it is retried until there is room, here or on another host."""


CLOCK_WRONG = "ClockWrong"
"""Likewise, until the clock is right, here or on another host."""

CLOCK_MOST = timedelta(seconds=5)
"""By which a host's clock may differ from Temporal's. Times of messages, credentials that expire, and what is swept
after ten minutes are compared across hosts."""


class Claims:
    def __init__(
        self, host: str, has_room: Callable[[], bool], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._host = host
        self._has_room = has_room
        self._clock = clock

    @activity.defn
    async def claim_host(self) -> HostResult:
        # Temporal's time of this very attempt. What lies between is the way here, some milliseconds: a host that is so
        # busy that it takes seconds has no business with another thread either.
        ahead = self._clock() - activity.info().started_time
        if abs(ahead) > CLOCK_MOST:
            off = f"{abs(ahead.total_seconds()):.0f} s {'ahead of' if ahead > timedelta() else 'behind'} Temporal's"
            raise ApplicationError(
                f"the clock of {self._host} is {off}; set it by NTP (`timedatectl set-ntp true`); until then its new "
                "threads wait, or go elsewhere",
                type=CLOCK_WRONG,
            )
        if not self._has_room():
            raise ApplicationError(
                f"no space on {self._host}: less of its disk is free than disk.min_free; new tasks wait until there is",
                type=NO_ROOM,
            )
        return HostResult(host=self._host)

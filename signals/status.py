"""How a listener fares, as its mailbox or app shows it."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from airut.models.base import Model


class ListenerState(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DEGRADED = "degraded"


class ListenerStatus(Model):
    """`reason` and `next_try` are set while degraded. A connected listener may be degraded by what it hands over to."""

    state: ListenerState
    since: datetime
    reason: str = ""
    next_try: datetime | None = None

    def connected(self, now: datetime) -> Self:
        """The next status; `since` stays where nothing changes."""
        since = self.since if self.state is ListenerState.CONNECTED else now
        changed = {"state": ListenerState.CONNECTED, "since": since, "reason": "", "next_try": None}
        return self.model_copy(update=changed)

    def degraded(self, reason: str, next_try: datetime, now: datetime) -> Self:
        """The next status; `since` is when the trouble began, whatever it was then."""
        since = self.since if self.state is ListenerState.DEGRADED else now
        changed = {"state": ListenerState.DEGRADED, "since": since, "reason": reason, "next_try": next_try}
        return self.model_copy(update=changed)

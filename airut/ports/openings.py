"""Where a schedule's answer goes that nobody has asked for in a thread: a post of ours opens one."""

from typing import Protocol

from airut.models.schedules.firing import Opening
from airut.models.threads.message import SlackRoute


class Openings(Protocol):
    async def open(self, opening: Opening) -> SlackRoute:
        """Post what the thread begins with, once however often this is called, and say where it stands.

        Raises:
            DeliveryDeferred: not now; try again later.
            DeliveryRefused: there is no such place, or nothing can be posted there; says what to do.
        """
        ...

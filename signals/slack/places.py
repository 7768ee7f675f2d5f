"""In which channels somebody may speak to us (spec: slack §1, `channels`)."""

import time
from collections.abc import Callable, Sequence

from airut.ports.slack import SlackHistory

NAMES_AGE = 3600.0
"""Seconds. A channel that was given another name counts under its old one for so long."""
ASK_AGAIN = 60.0
"""Seconds until a channel that nobody knows is looked up once more: it may be new."""


class SlackPlaces:
    """Wherever we are invited, or only where the configuration says, by id or by name."""

    def __init__(
        self, wanted: Sequence[str], history: SlackHistory, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ids = {each for each in wanted if not each.startswith("#")}
        self._names = {each.removeprefix("#") for each in wanted if each.startswith("#")}
        self._history = history
        self._clock = clock
        self._known: dict[str, str] = {}
        self._asked = float("-inf")

    async def admits(self, channel: str) -> bool:
        """
        Raises:
            SlackAway: its name cannot be had at present.
        """
        if not (self._ids or self._names) or channel in self._ids:
            return True
        if not self._names:
            return False
        age = self._clock() - self._asked
        if age > NAMES_AGE or (channel not in self._known and age > ASK_AGAIN):
            self._known = {place.id: place.name for place in await self._history.places()}
            self._asked = self._clock()
        return self._known.get(channel) in self._names

"""How often somebody may guess a link or a token."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST = 10
WITHIN = 600.0
"""So many failures in so many seconds; then nothing more is looked at until the oldest is that old."""

ADDRESSES = 10_000
"""Addresses that are remembered, of some 200 bytes each; whoever failed longest ago is forgotten first."""


class Attempts:
    """Failed logins by address. In memory: a value of 256 random bits is not guessed by restarting us either."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until this address may try again; 0 when it may now."""
        failed = self._failed.get(address)
        if failed is None or len(failed) < MOST:
            return 0.0
        return max(failed[0] + WITHIN - self._clock(), 0.0)

    def failed(self, address: str) -> None:
        times = self._failed.setdefault(address, deque(maxlen=MOST))
        times.append(self._clock())
        self._failed.move_to_end(address)
        while len(self._failed) > ADDRESSES:
            self._failed.popitem(last=False)

"""How long to wait before the next try: longer each time, and never twice alike. Pure but for its jitter."""

import random
from collections.abc import Callable


def spread() -> float:
    """±20 %, so that many who lost one service do not come back at once."""
    return random.uniform(0.8, 1.2)  # noqa: S311  # no secret


class Backoff:
    """Seconds: doubling from `first` to `most`, and from `refused` to `refused_most` where somebody has to mend
    something first."""

    def __init__(
        self, first: float, most: float, refused: float, refused_most: float, jitter: Callable[[], float] = spread
    ) -> None:
        self._least = {False: first, True: refused}
        self._most = {False: most, True: refused_most}
        self._jitter = jitter
        self._delay = 0.0

    def next(self, *, refused: bool = False) -> float:
        self._delay = min(max(self._delay * 2, self._least[refused]), self._most[refused])
        return self._delay * self._jitter()

    def reset(self) -> None:
        """It went well for a while."""
        self._delay = 0.0

"""How often messages may be changed: a limit of an app's, which its running tasks share (spec: slack §8). No clock."""

from collections import deque

WINDOW = 60.0
MOST = 39
"""In any window: under forty a minute."""
KEPT = 9
"""Of those, for changes of state and last words: what only goes on must not use everything up."""


class UpdateShare:
    """One for each app. Times in seconds, of any clock that goes forward."""

    def __init__(self) -> None:
        self._taken: deque[float] = deque()
        self._last: dict[str, float] = {}
        self._closed_until = float("-inf")

    def join(self, task: str) -> None:
        """It has a running agent, whose progress is to be shown."""
        self._last.setdefault(task, float("-inf"))

    def leave(self, task: str) -> None:
        self._last.pop(task, None)

    def wait(self, now: float) -> float:
        """Seconds until a change of state may be shown; 0 is now."""
        return max(0.0, self._room(now, MOST), self._closed_until - now)

    def wait_of(self, task: str, now: float, interval: float) -> float:
        """Seconds until a task's progress may be shown again, which is `interval` seconds after the last time at the
        earliest; 0 is now."""
        most = MOST - KEPT
        turn = self._last.get(task, float("-inf")) + max(interval, WINDOW * len(self._last) / most) - now
        return max(0.0, turn, self._room(now, most), self._closed_until - now)

    def take(self, task: str, now: float) -> None:
        """A message is changed now."""
        self._taken.append(now)
        if task in self._last:
            self._last[task] = now

    def close(self, until: float) -> None:
        """We were told to wait."""
        self._closed_until = max(self._closed_until, until)

    def _room(self, now: float, most: int) -> float:
        while self._taken and self._taken[0] <= now - WINDOW:
            self._taken.popleft()
        return self._taken[-most] + WINDOW - now if len(self._taken) >= most else 0.0

"""Whether a service that was started anew comes up, and stays up."""

import time
from collections.abc import Callable
from typing import Protocol

COMES_UP = 15 * 60.0
"""Seconds until every part is ready: the first start of a version makes its proxy's image."""
STAYS_UP = 60.0
"""Seconds in which nothing may end; a version that cannot work shows within its first tasks."""
LOOK = 1.0


class Watched(Protocol):
    def state(self) -> str:
        """systemd's word: `active` once it is ready."""
        ...

    def processes(self) -> frozenset[str]:
        """Names of what runs; a process that was started again has another one."""
        ...


def fault(watched: Watched, old: frozenset[str], say: Callable[[str], None]) -> str | None:
    """Why the service is not well, after some time; None when it is. `old` are the processes from before: while one of
    them runs, the new ones are not seen."""
    end = time.monotonic() + COMES_UP
    while (state := watched.state()) != "active" or old & watched.processes():
        if state == "failed" or time.monotonic() > end:
            return f"the service does not come up ({state})"
        time.sleep(LOOK)
    say(f"it is up; watching it for {STAYS_UP:.0f} s")
    first, end = watched.processes(), time.monotonic() + STAYS_UP
    while time.monotonic() < end:
        time.sleep(LOOK)
        if (state := watched.state()) != "active":
            return f"the service does not stay up ({state})"
        if ended := sorted(first - watched.processes()):
            return f"{ended[0].partition('@')[0]} ended and was started again"
    return None

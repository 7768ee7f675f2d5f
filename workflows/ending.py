"""How a thread comes to its end: after a long quiet, or when it is closed (spec: lifecycle §2, §13)."""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.base import Model
    from airut.models.notices import ending_soon
    from airut.models.thread import ThreadInput, ThreadState

IDLE_NOTICE, PAUSED_NOTICE = timedelta(days=1), timedelta(days=7)
"""Before the end: a day is enough to reply; who paused something for months may be away for some of them."""


class Deadline(Model):
    """The next moment at which a quiet thread does something by itself."""

    at: datetime
    ends: bool
    words: str = ""
    """What is told, where it is a warning."""


def next_deadline(state: ThreadState) -> Deadline | None:
    """Pure; None for a thread in which nothing has happened yet. Only work that nobody published is warned of."""
    if state.quiet_since is None:
        return None
    if state.paused:
        quiet, notice, worth_it = timedelta(seconds=state.settings.max_paused_s), PAUSED_NOTICE, True
        reason = f"it is paused since {state.paused.at:%Y-%m-%d}"
        end = state.paused.at + quiet
    else:
        quiet, notice = timedelta(seconds=state.settings.max_idle_s), IDLE_NOTICE
        worth_it = state.stored.bundle is not None
        reason = f"nothing has happened in it since {state.quiet_since:%Y-%m-%d}"
        end = state.quiet_since + quiet
    if worth_it and not state.warned and notice < quiet:
        return Deadline(at=end - notice, ends=False, words=ending_soon(notice.days, reason))
    return Deadline(at=end, ends=True)


class Ending:
    """Brings a thread's records into the archive, and back from there."""

    def __init__(self, thread: ThreadInput, state: ThreadState) -> None:
        self._thread = thread
        self._state = state
        self.losses: tuple[str, ...] = ()

    async def recall(self) -> None:
        """What was kept of an earlier life of this thread."""

    async def end(self) -> None:
        """Keep what a later message needs, and clear the rest away."""

    def reopened(self) -> bool:
        """Whether something came while the thread was ending: then it lives on, from its archive."""
        return bool(self._state.queue or self._state.retry or self._state.pending)

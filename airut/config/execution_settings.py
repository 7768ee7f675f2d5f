"""The keys of `execution:` in airut.yaml."""

from typing import Annotated

from pydantic import Field

from airut.config.reload_class import ReloadClass
from airut.models.base import Model
from airut.models.values.durations import Seconds, or_none, parse_duration


class ExecutionSettings(Model):
    """How many tasks run at once, and how long threads and their waits last."""

    per_repo: Annotated[int, Field(ge=1)] | None = None
    """Sandboxes of one repository at the same time; null is fair shares of what the hosts run at once."""
    threads_per_author: Annotated[int, Field(ge=1)] | None = 20
    """Threads of one author, in one repository, whose agents run at the same time; what is more waits, and its author
    is told. null is no limit of its own."""
    shutdown_grace: Annotated[Annotated[Seconds, Field(ge=1, le=600)], ReloadClass.RESTART] = 60.0
    """How long a worker that stops sees short work through: a push, a fetch, a mail. What takes longer is begun again
    by the next one. Agents are not among it: they run on, and are handed over."""
    thread_idle_max: Annotated[Seconds, Field(ge=60)] = 30 * 86400.0
    """A thread without a message for this long ends, and is archived; a reply starts it again."""
    thread_paused_max: Annotated[Seconds, Field(ge=60)] = 90 * 86400.0
    """A paused thread ends after this long."""
    question_timeout: Annotated[Seconds, Field(ge=60)] = 14 * 86400.0
    """How long a question waits for its answer."""
    pause_grace: Annotated[Seconds, Field(ge=0, le=600)] = 30.0
    """How long an agent has to finish what it does, before a pause ends it."""
    host_lost_after: Annotated[Annotated[float, Field(ge=60)] | None, or_none("never", parse_duration)] = 900.0
    """A host that is away for this long loses its threads to others."""

    @property
    def stops_within(self) -> float:
        """Seconds in which `airut up` has ended: two workers, one after the other, each with its grace and 15 s to tell
        Temporal; and half a minute for all else."""
        return 2 * (self.shutdown_grace + 15) + 30

    @property
    def silences(self) -> tuple[float, float]:
        """How long a thread may have no task that begins or ends, in seconds: idle, or paused over a question."""
        return self.thread_idle_max, self.thread_paused_max + self.question_timeout

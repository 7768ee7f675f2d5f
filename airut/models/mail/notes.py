"""What a conversation by mail is told besides its answers, as configured (spec: email §9). Times in seconds."""

from typing import Annotated, Literal

from pydantic import Field

from airut.models.base import Model
from airut.models.values.durations import Seconds


class ProgressMails(Model):
    """`after` so long the first one, then one `every` so often, `max` of them for a task at most."""

    after: Annotated[Seconds, Field(ge=1)] = 30 * 60.0
    """When a task has run for so long, the first mail says how far it is."""
    every: Annotated[Seconds, Field(ge=1)] = 2 * 3600.0
    """How often after that."""
    max: Annotated[int, Field(ge=1, le=100)] = 6
    """Of one task."""


class MailNotes(Model):
    acknowledge: Literal["first", "always", "never"] = "first"
    progress: ProgressMails | None = ProgressMails()
    """None is never."""
    queued_after: Seconds | None = 60.0
    """A mail that waits for longer is acknowledged while it does; None is never."""

    def acknowledges(self, *, first: bool) -> bool:
        """Whether a task's mails are; `first` tells a thread's first task."""
        return self.acknowledge == "always" or (first and self.acknowledge == "first")

"""What of a task stands in its channel now."""

from enum import StrEnum

from airut.models.base import Model


class ShownState(StrEnum):
    """What a task, or a message that waits for one, is shown as."""

    QUEUED = "queued"
    PREPARING = "preparing"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    QUESTION = "question"
    PUBLISHING = "publishing"
    CLOSED = "closed"


class Shown(Model):
    """`message` is the channel's own id of the task's message."""

    message: str | None = None
    state: ShownState | None = None
    """What was shown last; None is nothing yet."""
    follows: bool = False
    """Whether the message tells how far the agent is."""
    gone: bool = False
    """Somebody has deleted it: it is not posted again."""

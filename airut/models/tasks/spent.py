"""What one task has cost, as its memo keeps it for sums over days (spec: operations §3, `/costs`)."""

from airut.models.base import Model


class TaskSpent(Model):
    usd: float
    author: str
    """Who wrote the task's first message."""
    model: str = ""

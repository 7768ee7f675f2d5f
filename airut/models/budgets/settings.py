"""The keys of `budgets:` in airut.yaml."""

from airut.models.base import Model
from airut.models.budgets.budget import Limit


class BudgetSettings(Model):
    """US dollars; null is no limit. A repository's own are laid over the global ones, key by key."""

    per_task: Limit | None = 10.0
    """Of one task; at its end it pauses and asks."""
    per_thread: Limit | None = 100.0
    """Of one conversation."""
    per_author_day: Limit | None = 100.0
    """Of one person within a day."""
    per_day: Limit | None = 500.0
    """Of all together within a day."""
    per_task_max: Limit | None = None
    """How far people may raise one task's budget from its thread; null is not at all."""

    def fault(self) -> str | None:
        """Why these keys do not go together, with the remedy."""
        if self.per_task is None and (self.per_author_day is not None or self.per_day is not None):
            return (
                "per_author_day and per_day need per_task, which each task reserves at its start; set it, or set both "
                "to null"
            )
        if self.per_task is not None and self.per_task_max is not None and self.per_task_max < self.per_task:
            return f"per_task_max {self.per_task_max:g} is below per_task {self.per_task:g}; raise it, or leave it out"
        return None

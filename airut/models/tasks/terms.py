"""By which rules a task runs, as whoever asked for it is told. Pure."""

from airut.models.base import Model
from airut.models.values.durations import spoken_duration


class TaskTerms(Model):
    """None is the agent's own choice of a model, and no limit of money."""

    model: str | None = None
    effort: str | None = None
    time_s: float
    max_turns: int
    budget_usd: float | None = None

    def words(self) -> str:
        """`opus, effort high · at most 2 h, 200 turns, $10.00`."""
        model = self.model or "the agent's usual model"
        if self.effort:
            model += f", effort {self.effort}"
        limits = [spoken_duration(self.time_s), f"{self.max_turns} turns"]
        if self.budget_usd is not None:
            limits.append(f"${self.budget_usd:.2f}")
        return f"{model} · at most {', '.join(limits)}"

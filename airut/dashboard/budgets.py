"""How much of a repository's budget of the day is used up."""

from zoneinfo import ZoneInfo

from airut.config.budgets import ConfiguredBudgets
from airut.config.schema import Config
from airut.dashboard.ports import Ports
from airut.models.base import Model


class BudgetShare(Model):
    name: str
    """As the configuration names it, and of whom."""
    spent_usd: float
    held_usd: float
    limit_usd: float

    @property
    def share(self) -> float:
        return min(1.0, (self.spent_usd + self.held_usd) / self.limit_usd) if self.limit_usd else 1.0

    @property
    def is_tight(self) -> bool:
        """From four fifths on, as agents are told."""
        return self.share >= 0.8


async def budget_shares(ports: Ports, config: Config, repo: str) -> tuple[BudgetShare, ...]:
    """Those of today: of the repository, and of the people who have spent most of theirs. None without limits by
    day, and none with a subscription, which has no price for a task.

    Raises:
        DirectoryUnavailable: Temporal is away.
    """
    limits = ConfiguredBudgets(config).budgets(repo)
    if limits.per_day is None and limits.per_author_day is None:
        return ()
    today = ports.clock().astimezone(ZoneInfo(config.repos[repo].timezone)).date()
    day = next((day for day in await ports.costs.spent(repo) if day.day == today), None)
    found = []
    if limits.per_day is not None:
        spent, held = (day.spent_usd, day.held_usd) if day else (0.0, 0.0)
        found.append(BudgetShare(name="per_day", spent_usd=spent, held_usd=held, limit_usd=limits.per_day))
    if limits.per_author_day is not None and day is not None:
        tight = [
            BudgetShare(name=f"per_author_day · {author}", spent_usd=usd, held_usd=0.0, limit_usd=limits.per_author_day)
            for author, usd in sorted(day.authors.items(), key=lambda each: -each[1])
        ]
        found += [each for each in tight if each.is_tight][:5]
    return tuple(found)

"""What `airut.yaml` says of the rules by which a repository's tasks run."""

from airut.config.budgets import ConfiguredBudgets
from airut.config.schema import Config
from airut.models.budgets.budget import allowance
from airut.models.tasks.terms import TaskTerms
from airut.models.threads.message import Hints


def terms(config: Config, repo: str, hints: Hints) -> TaskTerms | None:
    """None where the repository is not configured any more."""
    found = config.repos.get(repo)
    if found is None:
        return None
    return TaskTerms(
        model=hints.model or found.agent.model,
        effort=hints.effort or found.agent.effort,
        time_s=config.limits_of(repo).time,
        max_turns=found.agent.max_turns,
        budget_usd=allowance(ConfiguredBudgets(config).budgets(repo), hints.budget).usd,
    )

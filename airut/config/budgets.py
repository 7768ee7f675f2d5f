"""What `airut.yaml` says of budgets, for the activities that ask before each run."""

from airut.config.repo_schema import RepoConfig
from airut.config.schema import Config
from airut.errors import RepositoryGone
from airut.models.budgets.budget import Budgets


class ConfiguredBudgets:
    """Implements `airut.ports.budgets.BudgetRules`."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def budgets(self, repo: str) -> Budgets:
        # A subscription has no price for each task; where one account is paid by use, every task may come to use it.
        if all(account.oauth_token is not None for account in self._of(repo).agent.auth.all()):
            return Budgets(subscription=True)
        return Budgets.model_validate(self._config.budgets_of(repo).model_dump())

    def hold(self, repo: str) -> str:
        return f"{repo} is paused by its operator" if self._of(repo).paused else ""

    def at_once(self, repo: str) -> int | None:
        self._of(repo)
        return self._config.execution.per_repo

    def of_author(self, repo: str) -> int | None:
        self._of(repo)
        return self._config.execution.threads_per_author

    def timezone(self, repo: str) -> str:
        return self._of(repo).timezone

    def _of(self, repo: str) -> RepoConfig:
        if repo not in self._config.repos:
            raise RepositoryGone(f"the repository {repo} is not configured on this host any more; add it to airut.yaml")
        return self._config.repos[repo]

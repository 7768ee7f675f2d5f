"""The forges of the configuration: which adapter speaks to which one.

They are imported when first needed: their clients take half a second, for which every start would wait.
"""

from functools import cached_property

from airut.config.repositories import forge_kind
from airut.config.schema import Config
from airut.errors import ConfigError, RepositoryGone
from airut.models.pull_request_view import FailedCheck, PullRequestView
from airut.ports.pull_requests import PullRequests
from airut.ports.tokens import AppTokens


class ConfiguredPullRequests:
    """Implements `airut.ports.pull_requests.PullRequests` for all repositories."""

    def __init__(self, config: Config, tokens: AppTokens | None = None) -> None:
        self._config = config
        self._given = tokens

    async def look(self, repo: str, number: int) -> PullRequestView:
        return await self._of(repo).look(repo, number)

    async def log_tail(self, repo: str, check: FailedCheck) -> str:
        return await self._of(repo).log_tail(repo, check)

    async def may_write(self, repo: str, login: str) -> bool:
        return await self._of(repo).may_write(repo, login)

    def _of(self, repo: str) -> PullRequests:
        if repo not in self._config.repos:
            raise RepositoryGone(f"the repository {repo} is not configured on this host any more; add it to airut.yaml")
        if forge_kind(self._config.repos[repo]) == "none":
            raise ConfigError(f"repos.{repo}.forge.kind is none; nothing is followed there")
        return self._github

    @cached_property
    def _github(self) -> PullRequests:
        from airut.adapters.github.pull_requests import GitHubPullRequests
        from workers.forge_login import github_repository

        return GitHubPullRequests(lambda repo: github_repository(self._config, repo, self._tokens))

    @cached_property
    def _tokens(self) -> AppTokens:
        from airut.adapters.github import InstallationTokens

        return self._given or InstallationTokens(redactor=self._config.sources.redactor)
